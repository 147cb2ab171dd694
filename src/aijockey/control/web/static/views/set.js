/** *Set*: what was moved, what will happen, what is kept. */

import { h } from "../core/dom.js";
import "../elements/set-sheet.js";
import "../elements/timeline.js";

export const title = "Set";
export const icon = "M4 6h16M4 12h10M4 18h13";

/** @returns {HTMLElement} */
export function build() {
  return h("div", { class: "view sheet" }, h("jockey-set-sheet"));
}
