/** The bar above everything: where the set is, its tempo, tap and nudge, undo, health, sound in the page, panic. */

import { attribute, h, say } from "../core/dom.js";
import { redraw } from "../core/frames.js";
import { session } from "../core/session.js";
import { Live } from "./live.js";
import "./button.js";
import "./counter.js";
import "./health.js";
import "./sound-button.js";
import "./tempo.js";
import { time } from "./time.js";

const NUDGE_PERCENT = 4;

export class Transport extends Live {
  #undo = h("jockey-button", { address: "history.undo", label: "↶", say: "undo", class: "undo" });
  #redo = h("jockey-button", { address: "history.redo", label: "↷", say: "redo", class: "redo" });
  #record = h("button", { type: "button", class: "record" }, "Rec");

  build() {
    this.#record.addEventListener("click", () => {
      session.command(this.#records ? "stop_recording" : "record").catch(() => {});
    });
    this.append(
      h("jockey-counter"),
      h("jockey-tempo", { address: "transport.tempo_bpm" }),
      h("jockey-button", { address: "transport.tap", to: 0, label: "Tap", say: "tap the tempo", class: "tap" }),
      h(
        "div",
        { class: "nudge", role: "group", "aria-label": "nudge" },
        h("jockey-button", { address: "transport.nudge", to: -NUDGE_PERCENT, while: true, label: "−", say: "nudge: slower" }),
        h("jockey-button", { address: "transport.nudge", to: NUDGE_PERCENT, while: true, label: "+", say: "nudge: faster" }),
      ),
      h("div", { class: "history" }, this.#undo, this.#redo),
      h("jockey-button", { address: "autopilot.on", label: "Auto", say: "autopilot", class: "autopilot" }),
      h("span", { class: "space" }),
      this.#record,
      h("jockey-sound-button"),
      h("jockey-health"),
      h("jockey-button", { address: "master.panic", label: "Panic", say: "panic: everything silent", class: "panic" }),
    );
  }

  follow() {
    return [session.on("state", () => redraw(this))];
  }

  get #records() {
    return Boolean(session.state["recording"]?.["recording"]);
  }

  draw() {
    const steps = Number(session.state["steps_to_undo"] ?? 0);
    attribute(this.#undo, "data-steps", String(steps));
    attribute(this.#record, "aria-pressed", String(this.#records));
    const seconds = Number(session.state["recording"]?.["seconds"] ?? 0);
    say(this.#record, this.#records ? time(seconds) : "Rec");
    attribute(this.#record, "aria-label", this.#records ? "stop recording" : "record");
  }
}

customElements.define("jockey-transport", Transport);
