/**
 * What every control of one parameter shares: its address, its row, its value, and who holds it.
 *
 * `address` names the parameter; `label` is what stands beside it (else the parameter's own name).
 */

import { attribute } from "../core/dom.js";
import { redraw } from "../core/frames.js";
import { session } from "../core/session.js";
import { labelOf, travel, valueAt, wordsFor, wordsOf } from "../core/table.js";

/** @import { Row, Value } from "../core/types.js" */

export class Control extends HTMLElement {
  /** @type {Row | undefined} */
  row;
  /** @type {Value | undefined} */
  value;
  /** @type {(() => void)[]} */
  #ends = [];
  #built = false;

  connectedCallback() {
    this.row = session.row(this.address);
    if (!this.row) {
      this.hidden = true;
      return;
    }
    if (!this.#built) {
      this.#built = true;
      this.title = this.row.summary;
      this.build(this.row);
    }
    this.#ends = [
      session.watch(this.address, (value) => {
        this.value = value;
        redraw(this);
      }),
      ...this.follow(),
    ];
  }

  disconnectedCallback() {
    for (const end of this.#ends) end();
    this.#ends = [];
    session.release(this.address);
  }

  get address() {
    return this.getAttribute("address") ?? "";
  }

  /** What is written beside it. */
  get label() {
    return this.getAttribute("label") ?? wordsOf(this.address);
  }

  /** What a screen reader says. */
  get fullLabel() {
    return labelOf(this.address);
  }

  get number() {
    return typeof this.value === "number" ? this.value : 0;
  }

  /** 0 to 1. */
  get at() {
    return this.row ? travel(this.row, this.number) : 0;
  }

  get words() {
    return this.row ? wordsFor(this.row, this.value) : "";
  }

  /** Make what it consists of, once. @param {Row} _row */
  build(_row) {}

  /** What else to hear of while it is shown. @returns {(() => void)[]} */
  follow() {
    return [];
  }

  /** Show value and holder; called once a frame at most. */
  draw() {
    const holder = session.holder(this.address);
    if (holder) attribute(this, "data-held", holder);
    else this.removeAttribute("data-held");
  }

  /** @param {Value} value */
  move(value) {
    if (value !== this.value) session.move(this.address, value);
  }

  /** @param {number} at 0 to 1 */
  moveTo(at) {
    if (this.row) this.move(valueAt(this.row, at));
  }

  reset() {
    if (this.row && this.row.default !== null) this.move(this.row.default);
  }
}
