/** A parameter that is text: a point, a queue, the name of a plug-in. It is sent with Enter or when one leaves it. */

import { attribute, h } from "../core/dom.js";
import { session } from "../core/session.js";
import { Control } from "./control.js";

export class TextField extends Control {
  #field = h("input", { autocomplete: "off", autocapitalize: "off", spellcheck: "false" });

  build() {
    const field = this.#field;
    attribute(field, "aria-label", this.fullLabel);
    field.addEventListener("change", () => session.move(this.address, field.value.trim() || "-"));
    field.addEventListener("keydown", (event) => event.stopPropagation());
    this.append(h("span", { class: "label" }, this.label), field);
  }

  draw() {
    super.draw();
    if (document.activeElement !== this.#field) this.#field.value = String(this.value ?? "");
    this.#field.disabled = session.holder(this.address) !== "";
  }
}

customElements.define("jockey-text", TextField);
