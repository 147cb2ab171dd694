/** What was moved and what will happen: a lane for each deck, time from left to right, now at two thirds. */

import { colour, hueOf } from "../core/colour.js";
import { everyFrame } from "../core/frames.js";
import { session } from "../core/session.js";
import { deckOf, wordsFor, wordsOf } from "../core/table.js";
import { CanvasElement } from "./canvas.js";

// Whose it was before this page came, nobody remembers.
/** @type {Record<string, string>} */
const WHO = { live: "", set: "the set" };
const PAST_BEATS = 64;
const FUTURE_BEATS = 32;
const LEFT_PX = 46;
const FRAMES_A_DRAWING = 3;

export class Timeline extends CanvasElement {
  #frames = 0;
  /** @type {string[]} */
  #hues = [];
  #colours = { text: "", dim: "", line: "", rail: "" };

  build() {
    super.build();
    this.setAttribute("role", "img");
    this.setAttribute("aria-label", "timeline of the decks; the list below says the same");
  }

  follow() {
    return [...super.follow(), everyFrame(() => ++this.#frames % FRAMES_A_DRAWING || this.draw())];
  }

  themed() {
    this.#hues = Array.from({ length: session.instrument.decks }, (_, index) => colour(`--deck-${hueOf(index + 1)}`));
    this.#colours = { text: colour("--text"), dim: colour("--dim"), line: colour("--line"), rail: colour("--rail") };
  }

  draw() {
    if (!this.width) return;
    const paper = this.paper();
    const now = session.clock.beatAt();
    const lanes = session.instrument.decks + 1;
    const tall = this.height / lanes;
    const x = (/** @type {number} */ beat) =>
      LEFT_PX + ((beat - now + PAST_BEATS) / (PAST_BEATS + FUTURE_BEATS)) * (this.width - LEFT_PX);
    this.#grid(paper, now, x);
    paper.font = "600 12px system-ui, sans-serif";
    paper.textBaseline = "middle";
    for (let lane = 0; lane < lanes; lane += 1) {
      paper.fillStyle = this.#colours.line;
      paper.fillRect(LEFT_PX, Math.round(tall * (lane + 1)) - 1, this.width, 1);
      paper.fillStyle = lane ? (this.#hues[lane - 1] ?? "") : this.#colours.dim;
      paper.fillText(lane ? String(lane) : "all", 10, tall * (lane + 0.5));
    }
    for (const { beat, deck } of session.loops) this.#entered(paper, x(beat), deck, tall);
    for (const event of session.events) this.#mark(paper, event, x(event.beat), tall);
    session.state["decks"]?.forEach((/** @type {any} */ deck, /** @type {number} */ index) => {
      if (typeof deck?.enters === "number" && deck.enters >= now) this.#enters(paper, deck, x(deck.enters), index + 1, tall);
    });
    paper.fillStyle = this.#colours.text;
    paper.fillRect(x(now), 0, 2, this.height);
  }

  /** Bars, and phrases stronger. @param {CanvasRenderingContext2D} paper @param {number} now @param {(beat: number) => number} x */
  #grid(paper, now, x) {
    const first = Math.ceil((now - PAST_BEATS) / 4) * 4;
    for (let beat = Math.max(0, first); beat < now + FUTURE_BEATS; beat += 4) {
      paper.fillStyle = beat % 32 ? this.#colours.rail : this.#colours.line;
      paper.fillRect(x(beat), 0, beat % 32 ? 1 : 2, this.height);
      if (beat % 16 === 0) {
        paper.fillStyle = this.#colours.dim;
        paper.font = "11px system-ui, sans-serif";
        paper.textBaseline = "top";
        paper.fillText(String(beat / 4 + 1), x(beat) + 4, 2);
      }
    }
  }

  /** A loop that entered. @param {CanvasRenderingContext2D} paper @param {number} x @param {number} lane @param {number} tall */
  #entered(paper, x, lane, tall) {
    if (x < LEFT_PX) return;
    paper.fillStyle = this.#hues[lane - 1] ?? "";
    paper.globalAlpha = 0.6;
    paper.fillRect(x, tall * lane + 4, 2, tall - 8);
    paper.globalAlpha = 1;
  }

  /** @param {CanvasRenderingContext2D} paper @param {{address: string, source: string}} event @param {number} x @param {number} tall */
  #mark(paper, event, x, tall) {
    if (x < LEFT_PX) return;
    const deck = deckOf(event.address);
    const y = tall * (deck + 0.5);
    paper.fillStyle = deck ? (this.#hues[deck - 1] ?? "") : this.#colours.dim;
    paper.beginPath();
    // A hand's is full, the engine's and other machines' are rings: told apart without colour.
    paper.arc(x, y, 4, 0, 2 * Math.PI);
    if (event.source.startsWith("page")) paper.fill();
    else {
      paper.strokeStyle = paper.fillStyle;
      paper.lineWidth = 1.5;
      paper.stroke();
    }
  }

  /** @param {CanvasRenderingContext2D} paper @param {any} deck @param {number} x @param {number} lane @param {number} tall */
  #enters(paper, deck, x, lane, tall) {
    paper.fillStyle = this.#hues[lane - 1] ?? "";
    paper.globalAlpha = deck.late ? 0.5 : 1;
    paper.fillRect(x, tall * lane + 4, 3, tall - 8);
    paper.beginPath();
    paper.moveTo(x + 3, tall * lane + 4);
    paper.lineTo(x + 13, tall * (lane + 0.5));
    paper.lineTo(x + 3, tall * (lane + 1) - 4);
    paper.fill();
    paper.globalAlpha = 1;
  }
}

/** An event in words. @param {{address: string, value: any, source: string}} event */
export function eventWords({ address, value, source }) {
  const row = session.row(address);
  const deck = deckOf(address);
  const who = source === session.client ? "here" : (WHO[source] ?? source);
  const shown = row && !row.gesture ? ` ${wordsFor(row, value)}` : "";
  return `${deck ? `deck ${deck} ` : ""}${wordsOf(address)}${shown}${who && ` · ${who}`}`;
}

customElements.define("jockey-timeline", Timeline);
