/** An element that is a picture: its canvas has the screen's own pixels, and is drawn again when size or theme change. */

import { onTheme } from "../core/colour.js";
import { h } from "../core/dom.js";
import { redraw } from "../core/frames.js";
import { Live } from "./live.js";

export class CanvasElement extends Live {
  canvas = h("canvas", { "aria-hidden": "true" });
  width = 0;
  height = 0;
  scale = 1;

  build() {
    this.append(this.canvas);
  }

  follow() {
    const sizes = new ResizeObserver(([entry]) => {
      const box = entry?.contentRect;
      this.resize(box?.width ?? 0, box?.height ?? 0);
    });
    sizes.observe(this);
    return [
      () => sizes.disconnect(),
      onTheme(() => {
        this.themed();
        redraw(this);
      }),
    ];
  }

  /** @param {number} width @param {number} height in CSS pixels */
  resize(width, height) {
    this.scale = Math.min(2, devicePixelRatio || 1);
    [this.width, this.height] = [width, height];
    this.canvas.width = Math.max(1, Math.round(width * this.scale));
    this.canvas.height = Math.max(1, Math.round(height * this.scale));
    this.themed();
    this.draw();
  }

  /** Colours are to be read again. */
  themed() {}

  /** The canvas, empty, in CSS pixels. @returns {CanvasRenderingContext2D} */
  paper() {
    const context = /** @type {CanvasRenderingContext2D} */ (this.canvas.getContext("2d"));
    context.setTransform(this.scale, 0, 0, this.scale, 0, 0);
    context.clearRect(0, 0, this.width, this.height);
    return context;
  }
}
