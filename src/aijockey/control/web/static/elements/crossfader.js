/** The crossfader between its two sides, and its curve. */

import { h } from "../core/dom.js";
import { controlFor } from "./any.js";

export function crossfader() {
  return h(
    "div",
    { class: "crossfader", role: "group", "aria-label": "crossfader" },
    h("span", { class: "end", "aria-hidden": "true" }, "A"),
    h("jockey-fader", { address: "mixer.crossfader", lying: true, label: "" }),
    h("span", { class: "end", "aria-hidden": "true" }, "B"),
    controlFor("mixer.crossfader_curve", { bare: true }),
  );
}
