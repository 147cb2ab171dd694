/** A whole number between two buttons; with `dice` a third one that throws it. Arrow keys move it, digits set it. */

import { attribute, h } from "../core/dom.js";
import { session } from "../core/session.js";
import { tidy } from "../core/table.js";
import { Control } from "./control.js";

/** @import { Row } from "../core/types.js" */

const DICE_SIDES = 100000;

export class NumberField extends Control {
  #field = h("input", { inputmode: "numeric", autocomplete: "off" });

  /** @param {Row} row */
  build(row) {
    const field = this.#field;
    attribute(field, "aria-label", this.fullLabel);
    attribute(field, "role", "spinbutton");
    attribute(field, "aria-valuemin", String(row.low));
    attribute(field, "aria-valuemax", String(row.high));
    field.addEventListener("change", () => {
      const value = Number(field.value.replace("−", "-"));
      if (Number.isFinite(value)) this.move(tidy(row, value));
      this.draw();
    });
    field.addEventListener("keydown", (event) => {
      const step = { ArrowUp: 1, ArrowDown: -1, PageUp: 10, PageDown: -10 }[event.key];
      if (step) {
        this.#step(step);
        event.preventDefault();
      }
      event.stopPropagation();
    });
    const box = h("div", { class: "stepper" }, this.#button("−", "less", -1), field, this.#button("+", "more", 1));
    if (this.hasAttribute("dice")) {
      const dice = h("button", { type: "button", "aria-label": `${this.fullLabel}: any` }, "⚄");
      dice.addEventListener("click", () => this.move(Math.floor(Math.random() * DICE_SIDES)));
      box.append(dice);
    }
    this.append(h("span", { class: "label" }, this.label), box);
  }

  /** @param {string} sign @param {string} word @param {number} step */
  #button(sign, word, step) {
    const button = h("button", { type: "button", tabindex: -1, "aria-label": `${this.fullLabel}: ${word}` }, sign);
    button.addEventListener("click", () => this.#step(step));
    return button;
  }

  /** @param {number} step */
  #step(step) {
    if (this.row) this.move(tidy(this.row, this.number + step));
  }

  draw() {
    super.draw();
    attribute(this.#field, "aria-valuenow", String(this.number));
    attribute(this.#field, "aria-valuetext", this.words);
    if (document.activeElement !== this.#field) this.#field.value = String(this.number).replace("-", "−");
    this.#field.disabled = session.holder(this.address) !== "";
  }
}

customElements.define("jockey-number", NumberField);
