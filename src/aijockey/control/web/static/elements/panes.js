/**
 * What a deck's strip may show, as one table: panes by name, each with the height it needs and how it is made.
 * A parameter that the table does not have is left out, so older and newer engines both fit.
 */

import { h } from "../core/dom.js";
import { session } from "../core/session.js";
import { fraction } from "../core/table.js";
import { controlFor } from "./any.js";
import "./moments.js";
import "./voice-knobs.js";

/**
 * @typedef {object} Pane
 * @property {string} name
 * @property {number} height in pixels, at least
 * @property {boolean} [grows] it takes the room that is left
 * @property {(deck: number) => HTMLElement[]} make
 */

/** @typedef {[name: string, label?: string, props?: Record<string, any>]} Entry */

/** @param {number} deck @param {Entry[]} entries @param {string} kind @returns {HTMLElement} */
function grid(deck, entries, kind) {
  const controls = entries
    .filter(([name]) => session.row(`deck.${deck}.${name}`))
    .map(([name, label, props = {}]) => controlFor(`deck.${deck}.${name}`, label ? { label, ...props } : props));
  return h("div", { class: kind }, ...controls);
}

const LENGTHS_BEATS = [0.125, 0.25, 0.5, 1];

/** Buttons that repeat a part of the loop while they are down. @param {number} deck @param {string} name */
function lengths(deck, name) {
  const word = name.split("_")[0] ?? "";
  const buttons = LENGTHS_BEATS.map((to) =>
    h("jockey-button", {
      address: `deck.${deck}.${name}`, to, off: 0, while: true, label: fraction(to),
      say: `deck ${deck} ${word} of ${fraction(to)} beat`,
    }),
  );
  return h("div", {}, h("span", { class: "label" }, word), h("div", { class: "row tight" }, ...buttons));
}

/** @type {Record<string, Pane[]>} */
export const PANES = {
  play: [
    {
      name: "Voice",
      height: 222,
      make: (deck) => [
        h("jockey-voice-knobs", { deck }),
        grid(deck, [["refresh", "fresh loops"], ["refresh_bars", "every", { compact: true }]], "row"),
      ],
    },
    {
      name: "Sound",
      height: 168,
      make: (deck) => [
        grid(
          deck,
          [["high_db", "high"], ["mid_db", "mid"], ["low_db", "low"], ["filter"], ["echo_send", "echo"], ["room_send", "room"]],
          "knobs",
        ),
      ],
    },
    { name: "Moments", height: 208, grows: true, make: (deck) => [h("jockey-moments", { deck, pad: true })] },
    {
      name: "Loop",
      height: 226,
      make: (deck) => [
        lengths(deck, "roll_beats"),
        lengths(deck, "stutter_beats"),
        grid(deck, [["cue"], ["retrigger", "start"], ["reverse"]], "row tight"),
        grid(deck, [["halve", "÷2"], ["double", "×2"], ["in_key", "in key"]], "row tight"),
      ],
    },
  ],
  mixer: [
    {
      name: "Tone",
      height: 252,
      make: (deck) => [
        grid(deck, [["trim_db", "trim"], ["high_db", "high"], ["filter"], ["mid_db", "mid"], ["pump"], ["low_db", "low"]], "knobs two"),
      ],
    },
    {
      name: "Inserts",
      height: 300,
      make: (deck) => [1, 2].map((slot) =>
        h(
          "div",
          { class: "insert", role: "group", "aria-label": `insert ${slot} of deck ${deck}` },
          grid(deck, [[`insert_${slot}`, `insert ${slot}`]], "row"),
          grid(deck, [[`insert_${slot}_amount`, "amount"], [`insert_${slot}_tone`, "tone"]], "knobs two"),
        ),
      ),
    },
    {
      name: "Space",
      height: 172,
      make: (deck) => [
        grid(deck, [["echo_send", "echo"], ["room_send", "room"], ["pan"], ["width"]], "knobs two"),
      ],
    },
  ],
};
