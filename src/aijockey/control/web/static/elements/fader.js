/**
 * A fader, upright or lying. The cap moves as far as the finger; with the setting "jump" it comes to the finger.
 *
 * <jockey-fader address="deck.1.gain_db"></jockey-fader>; `lying` for a horizontal one, `detent` for a middle that
 * catches.
 */

import { h, say } from "../core/dom.js";
import { setting } from "../core/settings.js";
import { originOf, travel } from "../core/table.js";
import { Slider } from "./slider.js";

/** @import { Finger } from "../core/touch.js" */
/** @import { Row } from "../core/types.js" */

const CAP_PX = 34;

export class Fader extends Slider {
  length = 0;
  track = h("div", { class: "track" });
  fill = h("div", { class: "fill" });
  cap = h("div", { class: "cap" });
  shown = h("output", { class: "value", "aria-hidden": "true" });

  get lies() {
    return this.hasAttribute("lying");
  }

  /** @param {Row} row */
  build(row) {
    const origin = h("div", { class: "origin" });
    this.track.append(h("div", { class: "slot" }), origin, this.fill, this.cap);
    const scale = row.curve === "decibel" ? [0, -10, -20, -40].filter((db) => db > row.low) : [];
    for (const db of scale) {
      const mark = h("i", { class: "mark", "data-db": db });
      mark.style.setProperty("--at", String(travel(row, db)));
      this.track.append(mark);
    }
    const zero = row.low < 0 && row.high > 0 && row.curve !== "decibel" ? travel(row, 0) : -1;
    origin.hidden = zero < 0;
    origin.style.setProperty("--at", String(zero));
    this.append(this.track, h("span", { class: "label" }, this.label), this.shown);
    this.listen(this.track, this.lies ? "x" : "y");
    new ResizeObserver(([entry]) => {
      const box = entry?.contentRect;
      this.length = Math.max(1, (this.lies ? (box?.width ?? 0) : (box?.height ?? 0)) - CAP_PX);
      this.draw();
    }).observe(this.track);
  }

  /** @param {Finger} finger */
  began(finger) {
    if (setting("faders") === "jump") this.#jump(finger);
  }

  /** @param {Finger} finger */
  moved(finger) {
    if (setting("faders") === "jump" && finger.fine === 1) this.#jump(finger);
    else this.moveBy(((this.lies ? finger.dx : -finger.dy) * finger.fine) / this.length);
  }

  /** @param {Finger} finger */
  #jump(finger) {
    const [at, size] = this.lies ? [finger.x, finger.width] : [finger.height - finger.y, finger.height];
    this.place = Math.min(1, Math.max(0, (at - CAP_PX / 2) / (size - CAP_PX)));
    this.moveTo(this.place);
  }

  draw() {
    super.draw();
    if (!this.row) return;
    const at = this.place ?? this.at;
    const origin = originOf(this.row);
    const [low, high] = [Math.min(at, origin), Math.max(at, origin)];
    const cap = (this.lies ? at : 1 - at) * this.length;
    this.cap.style.transform = this.lies ? `translateX(${cap}px)` : `translateY(${cap}px)`;
    this.fill.style.transform = this.lies
      ? `translateX(${low * this.length}px) scaleX(${high - low})`
      : `translateY(${(1 - high) * this.length}px) scaleY(${high - low})`;
    this.style.setProperty("--length", `${this.length}px`);
    say(this.shown, this.words);
  }
}

customElements.define("jockey-fader", Fader);
