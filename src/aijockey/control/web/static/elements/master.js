/** The master: fader, both sides of its meter, loudness, limiter; headphones and the returns of echo and room. */

import { h, say } from "../core/dom.js";
import { everyFrame } from "../core/frames.js";
import { session } from "../core/session.js";
import { controlFor } from "./any.js";
import { Live } from "./live.js";
import "./meter.js";

const EVERY_FRAMES = 10;

export class Master extends Live {
  #loud = h("output", { class: "loud", "aria-label": "loudness" });
  #limiter = h("output", { class: "limiter", "aria-label": "limiter" });
  #frames = 0;

  build() {
    this.setAttribute("role", "group");
    this.setAttribute("aria-label", "master");
    const knobs = [
      ["echo.gain_db", "echo"], ["room.gain_db", "room"], ["echo.feedback", "repeats"], ["room.size", "size"],
      ["master.cue_mix", "cue mix"], ["master.cue_gain_db", "phones"],
    ];
    this.append(
      h("header", {}, h("span", { class: "name" }, "Master")),
      h("div", { class: "figures" }, this.#loud, this.#limiter),
      h("div", { class: "knobs two" }, ...knobs.map(([address = "", label]) => controlFor(address, { label }))),
      h(
        "div",
        { class: "faders" },
        h("jockey-fader", { address: "master.gain_db", label: "level" }),
        h("jockey-meter", { channel: 0 }),
      ),
    );
  }

  follow() {
    return [everyFrame(() => ++this.#frames % EVERY_FRAMES || this.draw())];
  }

  draw() {
    const loud = session.meters[3] ?? -120;
    say(this.#loud, loud > -70 ? `${loud.toFixed(1).replace("-", "−")} LUFS` : "silence");
    const reduction = Math.abs(session.limiter);
    say(this.#limiter, reduction < 0.05 ? "limiter rests" : `limiter −${reduction.toFixed(1)} dB`);
    this.toggleAttribute("data-limits", reduction > 3);
  }
}

customElements.define("jockey-master", Master);
