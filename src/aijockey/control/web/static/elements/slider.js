/** What fader and knob share: a finger's travel, arrow keys, and what a screen reader is told. */

import { attribute } from "../core/dom.js";
import { redraw } from "../core/frames.js";
import { session } from "../core/session.js";
import { keyStep, tidy, travel } from "../core/table.js";
import { touchable } from "../core/touch.js";
import { Control } from "./control.js";

/** @import { Finger } from "../core/touch.js" */

export class Slider extends Control {
  /** Where the finger has it, 0 to 1, finer than the value's own steps; null while no finger is on it. @type {number | null} */
  place = null;

  /** @param {HTMLElement} surface what is touched @param {"x" | "y"} direction */
  listen(surface, direction) {
    const row = this.row;
    if (!row) return;
    this.setAttribute("role", "slider");
    this.tabIndex = 0;
    attribute(this, "aria-label", this.fullLabel);
    attribute(this, "aria-orientation", direction === "x" ? "horizontal" : "vertical");
    attribute(this, "aria-valuemin", String(row.low));
    attribute(this, "aria-valuemax", String(row.high));
    touchable(surface, {
      travel: direction,
      start: (finger) => {
        if (session.holder(this.address)) return false;
        this.place = this.at;
        this.dataset["touched"] = "";
        this.focus({ preventScroll: true });
        session.hold(this.address);
        this.began(finger);
        redraw(this);
        return true;
      },
      move: (finger) => this.moved(finger),
      end: () => {
        this.place = null;
        delete this.dataset["touched"];
        session.release(this.address);
        redraw(this);
      },
      doubleTap: () => this.reset(),
    });
    this.addEventListener("keydown", (event) => this.#key(event));
    surface.addEventListener("wheel", (event) => this.#wheel(event), { passive: false });
  }

  /** @param {Finger} _finger */
  began(_finger) {}

  /** @param {Finger} _finger */
  moved(_finger) {}

  /** Move by a share of the travel. @param {number} share */
  moveBy(share) {
    this.place = Math.min(1, Math.max(0, (this.place ?? this.at) + share));
    this.moveTo(this.place);
  }

  draw() {
    super.draw();
    attribute(this, "aria-valuenow", String(this.number));
    attribute(this, "aria-valuetext", this.words);
  }

  /** @param {KeyboardEvent} event */
  #key(event) {
    const row = this.row;
    if (!row || event.ctrlKey || event.metaKey || event.altKey) return;
    const step = keyStep(row) * (event.shiftKey ? 0.2 : 1);
    /** @type {Record<string, number>} */
    const moves = {
      ArrowUp: this.number + step,
      ArrowRight: this.number + step,
      ArrowDown: this.number - step,
      ArrowLeft: this.number - step,
      PageUp: this.number + 5 * step,
      PageDown: this.number - 5 * step,
      Home: row.low,
      End: row.high,
    };
    const value = moves[event.key];
    if (value !== undefined) this.move(tidy(row, value));
    else if (event.key === "Backspace" || event.key === "Delete") this.reset();
    else return;
    event.preventDefault();
    event.stopPropagation();
  }

  /** @param {WheelEvent} event */
  #wheel(event) {
    if (!this.row || event.ctrlKey) return;
    event.preventDefault();
    const notches = -Math.sign(event.deltaY || event.deltaX);
    const step = keyStep(this.row) * (event.shiftKey ? 0.2 : 1);
    const value = tidy(this.row, this.number + notches * step);
    if (travel(this.row, value) !== this.at) this.move(value);
  }
}
