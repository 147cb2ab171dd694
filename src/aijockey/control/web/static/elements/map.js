/**
 * Sites on a plane, and a finger that walks between them: tells how much each weighs where the finger is.
 *
 * Set `sites`; hear of "walk" (`detail` is an array of weights, one for each site) and of "visit" (the number of a
 * site that was tapped). Arrow keys walk too.
 */

import { colour } from "../core/colour.js";
import { everyFrame, redraw } from "../core/frames.js";
import { weights } from "../core/point.js";
import { touchable } from "../core/touch.js";
import { CanvasElement } from "./canvas.js";

/** @typedef {{x: number, y: number, name: string, kind?: string}} Site `kind` "moment" is a diamond */

const REACH_PX = 26;
const KEY_STEP = 0.02;
const MOST_STEPS = 240;

export class LatentMap extends CanvasElement {
  /** @type {Site[]} */
  #sites = [];
  /** @type {{x: number, y: number} | null} */
  #at = null;
  /** @type {{x: number, y: number}[]} */
  #way = [];
  /** @type {number[]} */
  #weights = [];
  #touched = false;
  #colours = { accent: "", text: "", dim: "", line: "" };

  /** @param {Site[]} sites */
  set sites(sites) {
    this.#sites = sites;
    if (this.#at) this.#weights = weights(sites, this.#at);
    redraw(this);
  }

  get sites() {
    return this.#sites;
  }

  build() {
    super.build();
    this.setAttribute("role", "group");
    this.tabIndex = 0;
    touchable(this, {
      start: ({ x, y }) => {
        this.#touched = true;
        this.#way = [];
        this.#go(x / this.width, y / this.height);
      },
      move: ({ x, y }) => this.#go(x / this.width, y / this.height),
      tap: ({ x, y }) => this.#visit(x, y),
      end: () => {
        this.#touched = false;
        this.dispatchEvent(new Event("left"));
        redraw(this);
      },
    });
    this.addEventListener("keydown", (event) => this.#key(event));
  }

  follow() {
    return [...super.follow(), everyFrame(() => this.#touched && this.draw())];
  }

  themed() {
    this.#colours = {
      accent: colour("--accent", this),
      text: colour("--text", this),
      dim: colour("--dim", this),
      line: colour("--line", this),
    };
  }

  /** Forget where it was: another deck is shown. */
  forget() {
    [this.#at, this.#way, this.#weights] = [null, [], []];
    redraw(this);
  }

  /** @param {number} x @param {number} y 0 to 1 */
  #go(x, y) {
    this.#at = { x: Math.min(1, Math.max(0, x)), y: Math.min(1, Math.max(0, y)) };
    this.#way.push(this.#at);
    if (this.#way.length > MOST_STEPS) this.#way.shift();
    if (!this.#sites.length) return;
    this.#weights = weights(this.#sites, this.#at);
    this.dispatchEvent(new CustomEvent("walk", { detail: this.#weights }));
    redraw(this);
  }

  /** @param {number} x @param {number} y */
  #visit(x, y) {
    const index = this.#sites.findIndex((site) => Math.hypot(site.x * this.width - x, site.y * this.height - y) < REACH_PX);
    const site = this.#sites[index];
    if (!site) return;
    this.#go(site.x, site.y);
    this.dispatchEvent(new CustomEvent("visit", { detail: index }));
  }

  /** @param {KeyboardEvent} event */
  #key(event) {
    const way = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] }[event.key];
    if (!way) return;
    const { x, y } = this.#at ?? { x: 0.5, y: 0.5 };
    this.#go(x + KEY_STEP * (way[0] ?? 0), y + KEY_STEP * (way[1] ?? 0));
    this.dispatchEvent(new Event("left"));
    event.preventDefault();
    event.stopPropagation();
  }

  draw() {
    if (!this.width) return;
    const paper = this.paper();
    const at = this.#at && { x: this.#at.x * this.width, y: this.#at.y * this.height };
    paper.lineCap = "round";
    this.#halos(paper);
    if (at) this.#threads(paper, at);
    this.#sites.forEach((site, index) => this.#site(paper, site, this.#weights[index] ?? 0));
    if (at) {
      this.#trail(paper);
      paper.beginPath();
      paper.arc(at.x, at.y, this.#touched ? 20 : 9, 0, 2 * Math.PI);
      paper.lineWidth = 3;
      paper.strokeStyle = this.#colours.text;
      paper.stroke();
    }
  }

  /** The land around each site. @param {CanvasRenderingContext2D} paper */
  #halos(paper) {
    const reach = Math.min(this.width, this.height) * (this.#sites.length > 8 ? 0.17 : 0.4);
    this.#sites.forEach((site, index) => {
      const [x, y] = [site.x * this.width, site.y * this.height];
      const light = paper.createRadialGradient(x, y, 0, x, y, reach);
      light.addColorStop(0, this.#colours.accent);
      light.addColorStop(1, "transparent");
      paper.globalAlpha = 0.1 + 0.35 * (this.#weights[index] ?? 0);
      paper.fillStyle = light;
      paper.fillRect(x - reach, y - reach, 2 * reach, 2 * reach);
    });
    paper.globalAlpha = 1;
  }

  /** Lines to what weighs. @param {CanvasRenderingContext2D} paper @param {{x: number, y: number}} at */
  #threads(paper, at) {
    paper.strokeStyle = this.#colours.accent;
    this.#sites.forEach((site, index) => {
      const weight = this.#weights[index] ?? 0;
      if (weight < 0.01) return;
      paper.globalAlpha = 0.25 + 0.75 * weight;
      paper.lineWidth = 1 + 7 * weight;
      paper.beginPath();
      paper.moveTo(at.x, at.y);
      paper.lineTo(site.x * this.width, site.y * this.height);
      paper.stroke();
    });
    paper.globalAlpha = 1;
  }

  /** @param {CanvasRenderingContext2D} paper */
  #trail(paper) {
    paper.strokeStyle = this.#colours.dim;
    paper.lineWidth = 1.5;
    paper.beginPath();
    for (const { x, y } of this.#way) paper.lineTo(x * this.width, y * this.height);
    paper.stroke();
  }

  /** @param {CanvasRenderingContext2D} paper @param {Site} site @param {number} weight */
  #site(paper, site, weight) {
    const [x, y, size] = [site.x * this.width, site.y * this.height, 6 + 9 * weight];
    paper.beginPath();
    if (site.kind === "moment") {
      paper.moveTo(x, y - size - 4);
      paper.lineTo(x + size + 4, y);
      paper.lineTo(x, y + size + 4);
      paper.lineTo(x - size - 4, y);
      paper.closePath();
    } else paper.arc(x, y, size, 0, 2 * Math.PI);
    paper.fillStyle = weight > 0.01 || site.kind === "moment" ? this.#colours.accent : this.#colours.dim;
    paper.fill();
    paper.font = "600 13px system-ui, sans-serif";
    paper.textAlign = "center";
    paper.fillStyle = weight > 0.01 ? this.#colours.text : this.#colours.dim;
    const above = y > 34;
    paper.textBaseline = above ? "bottom" : "top";
    paper.fillText(site.name, x, above ? y - size - 6 : y + size + 6);
  }
}

customElements.define("jockey-map", LatentMap);
