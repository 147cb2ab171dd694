/** A knob: an arc that grows from where the parameter does nothing. Turned by moving up and down. */

import { attribute, h, say, svg } from "../core/dom.js";
import { originOf } from "../core/table.js";
import { Slider } from "./slider.js";

/** @import { Finger } from "../core/touch.js" */

const TRAVEL_PX = 180;
const TURN = 270;
const RADIUS = 20;

export class Knob extends Slider {
  arc = svg("path", { class: "arc", pathLength: "1" });
  hand = svg("line", { class: "hand", x1: 24, y1: 24 - 6, x2: 24, y2: 24 - 15 });
  shown = h("output", { class: "value", "aria-hidden": "true" });

  build() {
    const way = arcPath(0, 1);
    this.arc.setAttribute("d", way);
    const face = svg(
      "svg",
      { viewBox: "0 0 48 48", "aria-hidden": "true" },
      svg("path", { class: "rail", d: way }),
      this.arc,
      svg("circle", { class: "face", cx: 24, cy: 24, r: 15.5 }),
      this.hand,
    );
    this.append(face, h("span", { class: "label" }, this.label), this.shown);
    this.listen(this, "y");
  }

  /** @param {Finger} finger */
  moved(finger) {
    this.moveBy(((-finger.dy + (finger.fine === 1 ? 0.4 * finger.dx : 0)) * finger.fine) / TRAVEL_PX);
  }

  draw() {
    super.draw();
    if (!this.row) return;
    const at = this.place ?? this.at;
    const origin = originOf(this.row);
    const [low, high] = [Math.min(at, origin), Math.max(at, origin)];
    attribute(this.arc, "stroke-dasharray", `0 ${low} ${Math.max(0, high - low)} 2`);
    attribute(this.hand, "transform", `rotate(${(at - 0.5) * TURN} 24 24)`);
    // Where it is narrow the unit is left to the screen reader.
    say(this.shown, this.hasAttribute("plain") ? this.words.replace(/ [a-z].*$/i, "") : this.words);
  }
}

/** @param {number} from @param {number} to 0 to 1 of the knob's turn */
function arcPath(from, to) {
  const place = (/** @type {number} */ at) => {
    const angle = ((at - 0.5) * TURN * Math.PI) / 180;
    return `${(24 + RADIUS * Math.sin(angle)).toFixed(2)} ${(24 - RADIUS * Math.cos(angle)).toFixed(2)}`;
  };
  return `M ${place(from)} A ${RADIUS} ${RADIUS} 0 ${(to - from) * TURN > 180 ? 1 : 0} 1 ${place(to)}`;
}

customElements.define("jockey-knob", Knob);
