/** Something that a hand does with a number or words: a field, and a button that does it. Nothing of it stays. */

import { attribute, h } from "../core/dom.js";
import { session } from "../core/session.js";
import { Control } from "./control.js";

/** @import { Row } from "../core/types.js" */

/** A gesture has no value to begin with: this share of its range is a careful one. */
const CAREFUL = 1 / 6;

export class Gesture extends Control {
  #field = h("input", { autocomplete: "off", autocapitalize: "off", spellcheck: "false" });

  /** @param {Row} row */
  build(row) {
    const field = this.#field;
    const numeric = row.curve !== "text" && row.curve !== "name";
    if (numeric) {
      field.value = String(row.curve === "step" ? row.low : Number((row.low + CAREFUL * (row.high - row.low)).toPrecision(2)));
      attribute(field, "inputmode", "decimal");
    }
    attribute(field, "aria-label", `${this.fullLabel}: what to send`);
    const act = () => {
      const text = field.value.trim();
      const value = numeric ? Number(text.replace(",", ".")) : text;
      if (text && (!numeric || Number.isFinite(value))) session.move(this.address, value);
    };
    field.addEventListener("keydown", (event) => {
      if (event.key === "Enter") act();
      event.stopPropagation();
    });
    const button = h("button", { type: "button", "aria-label": this.fullLabel, onclick: act }, "Do");
    this.append(h("span", { class: "label" }, this.label), h("div", { class: "stepper" }, field, button));
  }
}

customElements.define("jockey-gesture", Gesture);
