/** Sound in this page on and off; its buffer and what was missed beside it. */

import { attribute, h, say } from "../core/dom.js";
import { redraw } from "../core/frames.js";
import { session } from "../core/session.js";
import { sound } from "../core/sound.js";
import { Live } from "./live.js";

export class SoundButton extends Live {
  #button = h("button", { type: "button" });
  #word = h("span", {}, "Sound");
  #small = h("span", { class: "small" });

  build() {
    this.#button.append(this.#word, this.#small);
    this.#button.addEventListener("click", () => (sound.which === "off" ? sound.play(this.#which) : sound.stop()));
    this.append(this.#button);
  }

  get #which() {
    return this.getAttribute("which") ?? "master";
  }

  follow() {
    const look = () => redraw(this);
    sound.addEventListener("figures", look);
    redraw(this);
    return [() => sound.removeEventListener("figures", look), session.on("snapshot", look)];
  }

  draw() {
    const on = sound.which !== "off";
    const { buffered_ms: buffer, underruns } = sound.figures;
    attribute(this.#button, "aria-pressed", String(on));
    attribute(this.#button, "aria-label", on ? "sound in this page: on" : "sound in this page: off");
    say(this.#small, on ? `${Math.round(buffer)} ms${underruns ? ` · ${underruns} gaps` : ""}` : "in page");
    this.hidden = session.sounds.length === 0;
  }
}

customElements.define("jockey-sound-button", SoundButton);
