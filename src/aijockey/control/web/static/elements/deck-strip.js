/**
 * One deck: what it plays and what comes next, the panes that are chosen, fader and meter. `mode` is "play" or "mixer".
 */

import { attribute, h, say } from "../core/dom.js";
import { hueOf } from "../core/colour.js";
import { redraw } from "../core/frames.js";
import { session } from "../core/session.js";
import { controlFor } from "./any.js";
import { openDrawer } from "./drawer.js";
import { Live } from "./live.js";
import { PANES } from "./panes.js";
import "./loop-view.js";
import "./meter.js";

export class DeckStrip extends Live {
  #panes = h("div", { class: "panes" });
  /** @type {Map<string, HTMLElement>} */
  #made = new Map();
  #launch = h("button", { type: "button", class: "launch" });
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
      ),
      ...(this.mode === "play" ? [loops] : []),
      this.#panes,
      this.#foot(deck),
    );
  }

  /** @param {number} deck */
  #foot(deck) {
    const more = h("button", { type: "button", "aria-label": `deck ${deck}: everything` }, "More");
    more.addEventListener("click", () => openDrawer(deck, more));
    const button = (/** @type {string} */ name, /** @type {string} */ label) =>
      controlFor(`deck.${deck}.${name}`, { label, class: name });
    const skip = button("skip", "Next");
    return h(
      "div",
      { class: "foot" },
      h(
        "div",
        { class: "faders" },
        controlFor(`deck.${deck}.gain_db`, { label: "level" }).tagName === "SPAN" ? null : h("jockey-fader", { address: `deck.${deck}.gain_db`, label: "level" }),
        h("jockey-meter", { channel: deck }),
      ),
      h(
        "div",
        { class: "buttons" },
        button("mute", "Mute"),
        button("solo", "Solo"),
        button("headphones", "Cue"),
        ...(this.mode === "play" ? [skip, more] : [more]),
        controlFor(`deck.${deck}.side`, { bare: true }),
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
    say(this.#launch, launchWord(wanted, plays));
  }
}

/** @param {boolean} wanted @param {boolean} plays */
function launchWord(wanted, plays) {
  if (wanted) return plays ? "Stop" : "Starts…";
  return plays ? "Stops…" : "Play";
}

customElements.define("jockey-deck-strip", DeckStrip);
