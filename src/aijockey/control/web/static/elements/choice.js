/**
 * One of several: a row of buttons where there is room (`wide`), else the browser's own list, which every finger and
 * screen reader knows.
 */

import { attribute, h } from "../core/dom.js";
import { session } from "../core/session.js";
import { nameOf, wordsFor } from "../core/table.js";
import { Control } from "./control.js";

/** @import { Row, Value } from "../core/types.js" */

export class Choice extends Control {
  /** @type {Value[]} */
  #choices = [];
  #list = h("select");
  /** @type {HTMLButtonElement[]} */
  #buttons = [];

  /** @param {Row} row */
  build(row) {
    this.#choices = nameOf(this.address) === "voice" ? session.instrument.voices.map((voice) => voice.name) : [...row.choices];
    const words = this.#choices.map((choice) => written(row, choice));
    if (this.hasAttribute("wide")) this.#wide(words);
    else this.#narrow(words);
  }

  /** @param {string[]} words */
  #narrow(words) {
    this.#list.append(...words.map((word, index) => h("option", { value: index }, word)));
    attribute(this.#list, "aria-label", this.fullLabel);
    this.#list.addEventListener("change", () => this.move(this.#choices[Number(this.#list.value)] ?? 0));
    if (!this.hasAttribute("bare")) this.append(h("span", { class: "label" }, this.label));
    this.append(this.#list);
  }

  /** @param {string[]} words */
  #wide(words) {
    const group = h("div", { role: "radiogroup", class: "segments", "aria-label": this.fullLabel });
    this.#buttons = words.map((word, index) =>
      h("button", { type: "button", role: "radio", onclick: () => this.move(this.#choices[index] ?? 0) }, word),
    );
    group.append(...this.#buttons);
    group.addEventListener("keydown", (event) => this.#key(event));
    if (!this.hasAttribute("bare")) this.append(h("span", { class: "label" }, this.label));
    this.append(group);
  }

  /** @param {KeyboardEvent} event */
  #key(event) {
    const way = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 }[event.key];
    if (!way) return;
    const count = this.#buttons.length;
    const index = (Math.max(0, this.#choices.indexOf(this.value ?? "")) + way + count) % count;
    this.move(this.#choices[index] ?? 0);
    this.#buttons[index]?.focus();
    event.preventDefault();
    event.stopPropagation();
  }

  draw() {
    super.draw();
    const index = this.#choices.indexOf(this.value ?? "");
    if (!this.#buttons.length) {
      this.#list.value = String(index);
      this.#list.disabled = session.holder(this.address) !== "";
      return;
    }
    this.#buttons.forEach((button, number) => {
      attribute(button, "aria-checked", String(number === index));
      button.tabIndex = number === Math.max(0, index) ? 0 : -1;
    });
  }
}

/** @param {Row} row @param {Value} choice */
function written(row, choice) {
  if (typeof choice === "string") return choice;
  if (choice < 0) return "as transport";
  if (choice === 0) return "off";
  return wordsFor(row, choice);
}

customElements.define("jockey-choice", Choice);
