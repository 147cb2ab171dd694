/**
 * One deck: what it plays and what comes next, the panes that are chosen, fader and meter. `mode` is "play" or "mixer".
 */

import { attribute, h, svg } from "../core/dom.js";
import { hueOf } from "../core/colour.js";
import { redraw } from "../core/frames.js";
import { session } from "../core/session.js";
import { controlFor } from "./any.js";
import { openDrawer } from "./drawer.js";
import { Live } from "./live.js";
import { PANES } from "./panes.js";
import "./loop-view.js";
import "./meter.js";

const PLAY = "M7 4v16l13-8z";
const STOP = "M6 6h12v12H6z";

export class DeckStrip extends Live {
  #panes = h("div", { class: "panes" });
  /** @type {Map<string, HTMLElement>} */
  #made = new Map();
  #sign = svg("path");
  #launch = h("button", { type: "button", class: "launch" }, svg("svg", { viewBox: "0 0 24 24", "aria-hidden": "true" }, this.#sign));
  #room = 0;

  get mode() {
    return this.getAttribute("mode") ?? "play";
  }

  build() {
    const deck = this.deck;
    attribute(this, "data-hue", String(hueOf(deck)));
    this.setAttribute("role", "group");
    this.setAttribute("aria-label", `deck ${deck}`);
    this.#launch.addEventListener("click", () => {
      session.move(`deck.${deck}.play`, session.number(`deck.${deck}.play`) ? 0 : 1);
    });
    const loops = h(
      "div",
      { class: "loops" },
      h("jockey-loop-view", { deck, which: "present" }),
      h("jockey-loop-view", { deck, which: "next" }),
    );
    this.append(
      h(
        "header",
        {},
        h("span", { class: "badge", "aria-hidden": "true" }, String(deck)),
        controlFor(`deck.${deck}.voice`, { bare: true }),
        this.#launch,
        this.mode === "mixer" ? this.#more(deck) : null,
      ),
      ...(this.mode === "play" ? [loops] : []),
      this.#panes,
      this.#foot(deck),
    );
  }

  /** @param {number} deck */
  #more(deck) {
    const sign = this.mode === "mixer" ? "⋯" : "More";
    const more = h("button", { type: "button", class: "more", "aria-label": `deck ${deck}: everything` }, sign);
    more.addEventListener("click", () => openDrawer(deck, more));
    return more;
  }

  /** @param {number} deck */
  #foot(deck) {
    const button = (/** @type {string} */ name, /** @type {string} */ label) =>
      controlFor(`deck.${deck}.${name}`, { label, class: name });
    return h(
      "div",
      { class: "foot" },
      h(
        "div",
        { class: "faders" },
        h("jockey-fader", { address: `deck.${deck}.gain_db`, label: "level" }),
        h("jockey-meter", { channel: deck }),
      ),
      h(
        "div",
        { class: "buttons" },
        button("mute", "Mute"),
        button("solo", "Solo"),
        button("headphones", "Cue"),
        this.mode === "play" ? button("skip", "Next") : null,
        controlFor(`deck.${deck}.side`, { bare: true }),
        this.mode === "play" ? this.#more(deck) : null,
      ),
    );
  }

  follow() {
    const heights = new ResizeObserver(([entry]) => {
      this.#room = entry?.contentRect.height ?? 0;
      this.dispatchEvent(new CustomEvent("room", { detail: this.#room, bubbles: true }));
    });
    heights.observe(this.#panes);
    return [
      () => heights.disconnect(),
      session.on("state", () => redraw(this)),
      session.watch(`deck.${this.deck}.play`, () => redraw(this)),
    ];
  }

  /** Show these panes. @param {string[]} names */
  show(names) {
    const panes = (PANES[this.mode] ?? []).filter((pane) => names.includes(pane.name));
    const elements = panes.map((pane) => {
      const element = this.#made.get(pane.name) ?? h("div", { class: "pane", "data-pane": pane.name, "data-grows": pane.grows }, ...pane.make(this.deck));
      this.#made.set(pane.name, element);
      return element;
    });
    const same = elements.length === this.#panes.children.length && elements.every((element, index) => element === this.#panes.children[index]);
    if (!same) this.#panes.replaceChildren(...elements);
  }

  draw() {
    const wanted = session.number(`deck.${this.deck}.play`) > 0;
    const deck = session.deck(this.deck);
    const plays = Boolean(deck["plays"]);
    const waits = wanted !== plays;
    attribute(this, "data-is", waits ? "waiting" : plays ? "playing" : "stopped");
    attribute(this.#launch, "aria-pressed", String(wanted));
    attribute(this.#launch, "aria-label", `deck ${this.deck}: ${launchWord(wanted, plays)}`);
    attribute(this.#sign, "d", wanted ? STOP : PLAY);
  }
}

/** @param {boolean} wanted @param {boolean} plays */
function launchWord(wanted, plays) {
  if (wanted) return plays ? "stop" : "starts on the next line; stop";
  return plays ? "stops on the next line; play" : "play";
}

customElements.define("jockey-deck-strip", DeckStrip);
