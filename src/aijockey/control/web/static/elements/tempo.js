/** The tempo in large figures, moved like a fader; beside it tap and nudge. */

import { h, say } from "../core/dom.js";
import { session } from "../core/session.js";
import { keyStep, tidy } from "../core/table.js";
import { Slider } from "./slider.js";

/** @import { Finger } from "../core/touch.js" */

const BPM_PER_PX = 0.1;

export class Tempo extends Slider {
  #figures = h("span", { class: "figures" });
  #unit = h("span", { class: "unit" }, "BPM");
  #exact = 0;

  build() {
    this.append(this.#figures, this.#unit);
    this.listen(this, "y");
  }

  follow() {
    return [session.on("state", () => this.draw())];
  }

  began() {
    this.#exact = this.number;
  }

  /** @param {Finger} finger */
  moved(finger) {
    if (!this.row) return;
    this.#exact = Math.min(this.row.high, Math.max(this.row.low, this.#exact - finger.dy * finger.fine * BPM_PER_PX));
    this.move(tidy(this.row, this.#exact));
  }

  /** Nobody wants 120 from two taps in the middle of a set. */
  reset() {}

  draw() {
    super.draw();
    // A ride of the tempo shows what sounds now, not where it goes.
    const sounding = Number(session.state["tempo_bpm"] ?? this.number);
    const shown = this.place === null && Math.abs(sounding - this.number) > (this.row ? keyStep(this.row) / 10 : 0) ? sounding : this.number;
    say(this.#figures, shown.toFixed(1));
  }
}

customElements.define("jockey-tempo", Tempo);
