/** Where the set is: bar and beat in large figures, the phrase as eight cells of which the present bar is lit. */

import { attribute, h, say } from "../core/dom.js";
import { everyFrame } from "../core/frames.js";
import { session } from "../core/session.js";
import { Live } from "./live.js";

const BEATS_PER_BAR = 4;
const PHRASE_BARS = 8;

export class Counter extends Live {
  #bar = h("span", { class: "bar" }, "–");
  #beat = h("span", { class: "beat" });
  #cells = Array.from({ length: PHRASE_BARS }, () => h("i"));
  #beats = Array.from({ length: BEATS_PER_BAR }, () => h("i"));
  #shown = "";
  #told = -1;

  build() {
    this.setAttribute("role", "img");
    this.append(
      h("div", { class: "figures" }, this.#bar, this.#beat),
      h("div", { class: "lights" }, h("div", { class: "phrase" }, ...this.#cells), h("div", { class: "beats" }, ...this.#beats)),
    );
  }

  follow() {
    return [everyFrame(() => this.draw())];
  }

  draw() {
    const beats = Math.max(0, session.clock.beatAt());
    const bar = Math.floor(beats / BEATS_PER_BAR);
    const beat = Math.floor(beats % BEATS_PER_BAR);
    if (this.#shown === `${bar}.${beat}`) return;
    this.#shown = `${bar}.${beat}`;
    say(this.#bar, String(bar + 1));
    say(this.#beat, `.${beat + 1}`);
    light(this.#cells, bar % PHRASE_BARS, true);
    light(this.#beats, beat, false);
    if (this.#told !== bar) {
      this.#told = bar;
      const phrase = Math.floor(bar / PHRASE_BARS) + 1;
      attribute(this, "aria-label", `bar ${bar + 1}, bar ${(bar % PHRASE_BARS) + 1} of phrase ${phrase}`);
    }
  }
}

/** @param {HTMLElement[]} cells @param {number} here @param {boolean} past */
function light(cells, here, past) {
  cells.forEach((cell, index) => {
    attribute(cell, "data-is", index === here ? "now" : past && index < here ? "past" : "");
  });
}

customElements.define("jockey-counter", Counter);
