/** The element for a parameter, by its curve: what the table has, the page can show. */

import { h } from "../core/dom.js";
import { session } from "../core/session.js";
import { nameOf } from "../core/table.js";
import "./button.js";
import "./choice.js";
import "./fader.js";
import "./gesture.js";
import "./knob.js";
import "./number.js";
import "./text.js";

/** Up to so many steps are turned; more are typed. */
const MOST_TURNED = 64;
/** @type {Record<string, string>} */
const TAGS = {
  linear: "jockey-knob",
  decibel: "jockey-knob",
  octave: "jockey-knob",
  switch: "jockey-button",
  hold: "jockey-button",
  trigger: "jockey-button",
  choice: "jockey-choice",
  name: "jockey-text",
  text: "jockey-text",
  step: "jockey-number",
};

/**
 * @param {string} address @param {Record<string, any>} [props]
 * @returns {HTMLElement}
 */
export function controlFor(address, props = {}) {
  const row = session.row(address);
  if (!row) return h("span", { hidden: true });
  let tag = TAGS[row.curve] ?? "jockey-knob";
  if (row.gesture && row.curve !== "trigger") tag = "jockey-gesture";
  else if (row.curve === "step" && row.high - row.low > MOST_TURNED) return h(tag, { address, dice: row.high > 1e6, ...props });
  if (nameOf(address) === "voice") tag = "jockey-choice";
  return h(tag, { address, ...props });
}
