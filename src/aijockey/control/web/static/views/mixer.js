/** *Mixer*: all strips side by side, with tone, inserts and place. */

import { h } from "../core/dom.js";
import "../elements/bank.js";
import { crossfader } from "../elements/crossfader.js";

export const title = "Mixer";
export const icon = "M7 4v7M7 15v5M5 13h4M12 4v3M12 11v9M10 9h4M17 4v9M17 17v3M15 15h4";

/** @returns {HTMLElement} */
export function build() {
  return h("div", { class: "view mixer" }, h("jockey-bank", { mode: "mixer" }), crossfader());
}
