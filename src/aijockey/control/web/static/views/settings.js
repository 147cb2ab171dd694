/** *Settings*: this page, other devices, surfaces, the table. */

import { h } from "../core/dom.js";
import "../elements/settings-sheet.js";

export const title = "Settings";
export const icon = "M12 9a3 3 0 100 6 3 3 0 000-6zM12 3v3M12 18v3M3 12h3M18 12h3M5.6 5.6l2.2 2.2M16.2 16.2l2.2 2.2M18.4 5.6l-2.2 2.2M7.8 16.2l-2.2 2.2";

/** @returns {HTMLElement} */
export function build() {
  return h("div", { class: "view sheet" }, h("jockey-settings-sheet"));
}
