/** *Play*: the decks under the fingers, the crossfader under all. */

import { h } from "../core/dom.js";
import "../elements/bank.js";
import { crossfader } from "../elements/crossfader.js";

export const title = "Play";
export const icon = "M8 5v14l11-7z";

/** @returns {HTMLElement} */
export function build() {
  return h("div", { class: "view play" }, h("jockey-bank", { mode: "play" }), crossfader());
}
