/** *Explore*: walking in what a voice can play. */

import { h } from "../core/dom.js";
import "../elements/explorer.js";

export const title = "Explore";
export const icon = "M12 3l9 5-9 5-9-5zM3 13l9 5 9-5";

/** @returns {HTMLElement} */
export function build() {
  return h("div", { class: "view explore" }, h("jockey-explorer"));
}
