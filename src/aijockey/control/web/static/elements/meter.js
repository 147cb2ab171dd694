/** Level of a channel: RMS as a bar, peak as a line that falls slowly. `channel` 0 is the master, else a deck. */

import { colour } from "../core/colour.js";
import { everyFrame } from "../core/frames.js";
import { METER_WORDS } from "../core/decode.js";
import { session } from "../core/session.js";
import { clamp } from "../core/table.js";
import { CanvasElement } from "./canvas.js";

const FLOOR_DB = -54;
const HOT_DB = -1;
const FALL_DB = 0.7; // a frame of meters
const MARKS_DB = [0, -6, -12, -24, -36];

export class Meter extends CanvasElement {
  #colours = { bar: "", peak: "", hot: "", rail: "", mark: "" };
  #held = [FLOOR_DB, FLOOR_DB];
  #shown = "";
  /** @type {Float32Array | null} */
  #seen = null;

  build() {
    super.build();
    this.setAttribute("role", "img");
    const channel = this.#channel;
    this.setAttribute("aria-label", channel ? `level of deck ${channel}` : "level of the master");
  }

  get #channel() {
    return Number(this.getAttribute("channel") ?? 0);
  }

  follow() {
    return [...super.follow(), everyFrame(() => this.draw())];
  }

  themed() {
    this.#colours = {
      bar: colour("--accent", this),
      peak: colour("--text", this),
      hot: colour("--danger", this),
      rail: colour("--rail", this),
      mark: colour("--line", this),
    };
    this.#shown = "";
  }

  draw() {
    // Meters come half as often as pictures of the screen.
    if (this.#seen === session.meters && this.#shown) return;
    this.#seen = session.meters;
    const from = METER_WORDS * this.#channel;
    const [left = -120, right = -120, rms = -120] = session.meters.subarray(from, from + METER_WORDS);
    this.#held = [left, right].map((peak, side) => Math.max(peak, (this.#held[side] ?? 0) - FALL_DB, FLOOR_DB - 1));
    const sides = this.#channel ? 1 : 2;
    const peaks = this.#held.slice(0, sides);
    const shown = [rms, ...peaks].map((db) => Math.round(this.#y(db))).join();
    if (shown === this.#shown || this.height === 0) return;
    this.#shown = shown;
    const paper = this.paper();
    const wide = (this.width - (sides - 1) * 3) / sides;
    peaks.forEach((peak, side) => {
      const x = side * (wide + 3);
      paper.fillStyle = this.#colours.rail;
      paper.fillRect(x, 0, wide, this.height);
      const top = this.#y(rms);
      paper.fillStyle = this.#colours.bar;
      paper.fillRect(x, top, wide, this.height - top);
      paper.fillStyle = peak >= HOT_DB ? this.#colours.hot : this.#colours.peak;
      if (peak > FLOOR_DB) paper.fillRect(x, Math.max(0, this.#y(peak) - 1), wide, peak >= HOT_DB ? 4 : 2);
      paper.fillStyle = this.#colours.mark;
      for (const mark of MARKS_DB) paper.fillRect(x, this.#y(mark), wide, 1);
    });
  }

  /** @param {number} db */
  #y(db) {
    return this.height * (1 - clamp((db - FLOOR_DB) / (3 - FLOOR_DB)));
  }
}

customElements.define("jockey-meter", Meter);
