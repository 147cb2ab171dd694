/**
 * A button. What it does is the parameter's own: a switch toggles, a hold is on while a finger is down, a trigger acts.
 *
 * `to` is the value it sends (a trigger's or a choice's); with `while`, `to` is sent while it is down and `off` after.
 */

import { attribute, h } from "../core/dom.js";
import { session } from "../core/session.js";
import { touchable } from "../core/touch.js";
import { Control } from "./control.js";

/** @import { Row, Value } from "../core/types.js" */

export class Button extends Control {
  #button = h("button", { type: "button" });
  /** @type {Value} */
  #to = 1;
  /** @type {Value} */
  #off = 0;
  #held = false;

  /** @param {Row} row */
  build(row) {
    // A tap says when it was; 0 is now.
    this.#to = valueOf(this.getAttribute("to"), row.curve === "trigger" && row.high > 1 ? row.low : 1);
    this.#off = valueOf(this.getAttribute("off"), 0);
    this.#button.append(this.label);
    attribute(this.#button, "aria-label", this.getAttribute("say") ?? this.fullLabel);
    this.append(this.#button);
    if (row.curve === "hold" || this.hasAttribute("while")) this.#hold();
    else this.#button.addEventListener("click", () => this.#click());
  }

  get #isSwitch() {
    return this.row?.curve === "switch";
  }

  #click() {
    if (this.#isSwitch) this.move(this.number ? 0 : 1);
    else session.move(this.address, this.#to);
  }

  /** On while it is down: a finger, or Space and Enter. */
  #hold() {
    const button = this.#button;
    touchable(button, {
      start: () => this.#down(),
      end: () => this.#up(),
    });
    button.addEventListener("keydown", (event) => {
      if ((event.key === " " || event.key === "Enter") && !event.repeat) this.#down();
      if (event.key === " " || event.key === "Enter") event.preventDefault();
    });
    button.addEventListener("keyup", () => this.#up());
    button.addEventListener("blur", () => this.#up());
  }

  #down() {
    if (session.holder(this.address)) return false;
    this.#held = true;
    session.hold(this.address);
    session.move(this.address, this.#to);
    return true;
  }

  #up() {
    if (!this.#held) return;
    this.#held = false;
    session.move(this.address, this.#off);
    session.release(this.address);
  }

  draw() {
    super.draw();
    const on = this.#isSwitch || this.row?.curve === "hold" ? this.number > 0 : this.hasAttribute("while") && this.value === this.#to;
    if (this.#isSwitch) attribute(this.#button, "aria-pressed", String(on));
    this.toggleAttribute("data-on", on);
    const holder = session.holder(this.address);
    this.#button.disabled = holder !== "";
  }

  disconnectedCallback() {
    this.#up();
    super.disconnectedCallback();
  }
}

/** @param {string | null} text @param {Value} otherwise @returns {Value} */
function valueOf(text, otherwise) {
  if (text === null) return otherwise;
  return text !== "" && Number.isFinite(Number(text)) ? Number(text) : text;
}

customElements.define("jockey-button", Button);
