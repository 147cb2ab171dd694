/**
 * A deck's loop to look at: waveform above, spectrogram below, beats as lines, the playhead over it.
 * `which` is "present" or "next"; the next one says when it enters.
 */

import { colour, rgb } from "../core/colour.js";
import { h, say } from "../core/dom.js";
import { everyFrame, redraw } from "../core/frames.js";
import { session } from "../core/session.js";
import { clamp } from "../core/table.js";
import { CanvasElement } from "./canvas.js";

/** @import { Picture } from "../core/types.js" */

const WAVE_SHARE = 0.42;
// Each picture is as bright and as high as its loudest place: what a loop is like counts here, its level has a meter.
const SHOWN_DB = 62;
const BRIGHTER = 0.85;
// What is quiet is drawn larger than it is: between two hits there is something to see.
const SWELL = 0.6;
const PICTURE_DB = 80;
const MOST_GAIN = 6;
const BEATS = 8;

export class LoopView extends CanvasElement {
  /** @type {(Picture) | null} */
  picture = null;
  #wanted = "";
  #loop = "";
  #head = h("div", { class: "head", "aria-hidden": "true" });
  #words = h("span", { class: "when" });
  #colours = { accent: "", wave: "", line: "", back: "" };

  get #which() {
    return this.getAttribute("which") === "next" ? "next" : "present";
  }

  build() {
    super.build();
    this.setAttribute("role", "img");
    this.append(this.#head, this.#words);
  }

  follow() {
    this.#wanted = "";
    return [
      ...super.follow(),
      session.on("state", () => this.#look()),
      session.on("link", () => this.#look()),
      everyFrame(() => this.#move()),
    ];
  }

  themed() {
    this.#colours = {
      accent: colour("--accent", this),
      wave: colour("--text", this),
      line: colour("--line", this),
      back: colour("--well", this),
    };
  }

  #look() {
    const deck = session.deck(this.deck);
    const next = this.#which === "next";
    this.#loop = String((next ? deck["next"] : deck["loop"]) ?? "");
    const key = String((next ? deck["next_picture"] : deck["picture"]) ?? "");
    this.toggleAttribute("data-empty", !this.#loop);
    this.toggleAttribute("data-late", next && Boolean(deck["late"]));
    if (key === this.#wanted) return;
    this.#wanted = key;
    if (key) this.#fetch(key);
    else {
      this.picture = null;
      redraw(this);
    }
  }

  /** @param {string} key */
  async #fetch(key) {
    // What was the next loop a moment ago is the present one now: it has been fetched.
    const known = pictures.get(key) ?? (await session.picture(this.deck, this.#which).catch(() => null));
    if (known) remember(known.key, known);
    if (key !== this.#wanted) return;
    this.picture = known;
    if (!known) this.#wanted = "";
    redraw(this);
  }

  #move() {
    const deck = session.deck(this.deck);
    const beat = session.clock.beatAt();
    if (this.#which === "next") {
      this.#when(deck, beat);
      return;
    }
    const length = Number(deck["loop_beats"] ?? BEATS) || BEATS;
    const share = deck["plays"] ? (((beat % length) + length) % length) / BEATS : 0;
    this.#head.style.transform = `translateX(${(share * this.width).toFixed(1)}px)`;
    this.#head.hidden = !deck["plays"];
    const words = deck["plays"] ? "" : this.#loop ? "stopped" : "no loop";
    say(this.#words, deck["error"] ? String(deck["error"]) : words);
    this.setAttribute("aria-label", `present loop of deck ${this.deck}: ${this.#loop || "none"}`);
  }

  /** @param {Record<string, any>} deck @param {number} beat */
  #when(deck, beat) {
    const enters = deck["enters"];
    const left = typeof enters === "number" ? enters - beat : NaN;
    const soon = Number.isFinite(left) && left >= 0;
    this.#head.hidden = !soon;
    if (soon) {
      const share = Math.max(0, Math.min(1, 1 - left / 16));
      this.#head.style.transform = `translateX(${(share * this.width).toFixed(1)}px)`;
    }
    say(this.#words, whenWords(deck, left));
    this.setAttribute("aria-label", `next loop of deck ${this.deck}`);
  }

  draw() {
    if (!this.width || !this.height) return;
    const paper = this.paper();
    const split = Math.round(this.height * (this.#which === "next" ? 0 : WAVE_SHARE));
    if (this.picture) {
      paper.imageSmoothingEnabled = true;
      paper.drawImage(this.#spectrogram(this.picture), 0, split, this.width, this.height - split);
      if (split) this.#wave(paper, this.picture, split);
    }
    paper.fillStyle = this.#colours.line;
    for (let beat = 1; beat < BEATS; beat += 1) {
      const tall = beat === BEATS / 2 ? 1 : 0.35;
      paper.fillRect(Math.round((beat * this.width) / BEATS), this.height * (1 - tall), 1, this.height * tall);
    }
  }

  /** @param {CanvasRenderingContext2D} paper @param {Picture} picture @param {number} height */
  #wave(paper, { low, high }, height) {
    paper.fillStyle = this.#colours.wave;
    const wide = this.width / low.length;
    const gain = Math.min(MOST_GAIN, 1 / Math.max(0.01, ...high, ...low.map(Math.abs)));
    const tall = (/** @type {number} */ sample) => (height / 2) * (1 - Math.sign(sample) * Math.abs(gain * sample) ** SWELL);
    low.forEach((least, column) => {
      const top = tall(high[column] ?? 0);
      paper.fillRect(column * wide, top, Math.max(1, wide - 0.4), Math.max(1, tall(least) - top));
    });
  }

  /** @param {Picture} picture */
  #spectrogram({ bands, frames, mel }) {
    const image = new ImageData(frames, bands);
    const [near, far] = [rgb(this.#colours.accent), rgb(this.#colours.back)];
    const span = (255 * SHOWN_DB) / PICTURE_DB;
    const floor = mel.reduce((most, value) => Math.max(most, value), 0) - span;
    for (let band = 0; band < bands; band += 1) {
      for (let frame = 0; frame < frames; frame += 1) {
        const level = clamp(((mel[band * frames + frame] ?? 0) - floor) / span) ** BRIGHTER;
        const at = 4 * ((bands - 1 - band) * frames + frame);
        for (let part = 0; part < 3; part += 1) {
          const [from = 0, to = 0] = [far[part], near[part]];
          image.data[at + part] = from + (to - from) * level;
        }
        image.data[at + 3] = 255;
      }
    }
    const canvas = new OffscreenCanvas(frames, bands);
    canvas.getContext("2d")?.putImageData(image, 0, 0);
    return canvas;
  }
}

/** @type {Map<string, Picture>} */
const pictures = new Map();
const MOST_PICTURES = 64;

/** @param {string} key @param {Picture} picture */
function remember(key, picture) {
  pictures.delete(key);
  pictures.set(key, picture);
  for (const oldest of pictures.keys()) {
    if (pictures.size <= MOST_PICTURES) break;
    pictures.delete(oldest);
  }
}

/** When the next thing happens on a deck. @param {Record<string, any>} deck @param {number} left beats */
export function whenWords(deck, left) {
  if (deck["late"]) return "late";
  if (!Number.isFinite(left) || left < -4) return deck["pending"] ? "being made…" : "";
  const bar = Math.floor(Number(deck["enters"]) / 4) + 1;
  const what = deck["next"] ? "next" : "stops";
  if (left < 0) return what;
  return left < 4 ? `${what} in ${Math.ceil(left)}` : `${what} at bar ${bar}`;
}

customElements.define("jockey-loop-view", LoopView);
