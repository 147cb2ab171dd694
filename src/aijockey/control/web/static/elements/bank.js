/**
 * As many decks side by side as there is room for, and the chips of all of them; a chip brings its deck. What a strip
 * shows is chosen for all at once, so that the same thing is at the same place on each: as many panes as fit.
 */

import { attribute, h } from "../core/dom.js";
import { session } from "../core/session.js";
import { keep, setting } from "../core/settings.js";
import { DeckChip } from "./deck-chip.js";
import { DeckStrip } from "./deck-strip.js";
import { Live } from "./live.js";
import "./master.js";
import { PANES } from "./panes.js";

/** @type {Record<string, number>} */
const NARROWEST_PX = { play: 186, mixer: 148 };
const MASTER_PX = 132;
const MASTER_FROM_PX = 620;
const GAP_PX = 8;

export class Bank extends Live {
  #chips = h("div", { class: "chips", role: "group", "aria-label": "decks" });
  #tabs = h("div", { class: "tabs", role: "group", "aria-label": "what the decks show" });
  #strips = h("div", { class: "strips" });
  /** @type {DeckStrip[]} */
  #decks = [];
  #master = h("jockey-master");
  #showMaster = h("button", { type: "button", class: "master-chip" }, "Master");
  #first = 1;
  #only = false; // the master alone, where it has no room beside the decks
  #width = 0;
  #rooms = 0;
  /** @type {string[]} newest first */
  #wanted = [];

  get mode() {
    return this.getAttribute("mode") ?? "play";
  }

  get #panes() {
    return PANES[this.mode] ?? [];
  }

  build() {
    const mode = this.mode;
    this.#wanted = this.#panes.map((pane) => pane.name);
    for (let deck = 1; deck <= session.instrument.decks; deck += 1) {
      const chip = /** @type {DeckChip} */ (h("jockey-deck-chip", { deck }));
      chip.button.addEventListener("click", () => this.#bring(deck));
      this.#chips.append(chip);
      this.#decks.push(/** @type {DeckStrip} */ (h("jockey-deck-strip", { deck, mode })));
    }
    this.#showMaster.addEventListener("click", () => {
      this.#only = true;
      this.#lay();
    });
    this.#chips.append(this.#showMaster);
    this.#tabs.append(
      ...this.#panes.map(({ name }) => h("button", { type: "button", "data-pane": name, onclick: () => this.#want(name) }, name)),
    );
    this.append(h("div", { class: "bank-bar" }, this.#chips, this.#tabs), this.#strips);
    this.#strips.addEventListener("room", (event) => this.#fit(/** @type {CustomEvent} */ (event).detail));
    this.#first = Math.min(session.instrument.decks, Math.max(1, Number(setting("deck")) || 1));
  }

  follow() {
    const widths = new ResizeObserver(([entry]) => {
      this.#width = entry?.contentRect.width ?? 0;
      this.#lay();
    });
    widths.observe(this.#strips);
    return [() => widths.disconnect()];
  }

  /** @param {number} deck */
  #bring(deck) {
    this.#only = false;
    keep("deck", deck);
    const count = this.#count;
    if (deck < this.#first || deck >= this.#first + count) this.#first = Math.floor((deck - 1) / count) * count + 1;
    this.#lay();
  }

  get #hasMaster() {
    return this.#width >= MASTER_FROM_PX;
  }

  get #count() {
    const room = this.#width - (this.#hasMaster ? MASTER_PX + GAP_PX : 0) + GAP_PX;
    return Math.max(1, Math.min(this.#decks.length, Math.floor(room / ((NARROWEST_PX[this.mode] ?? 180) + GAP_PX))));
  }

  /** Put what is to be seen side by side; nothing is moved that stays. */
  #lay() {
    if (!this.#width) return;
    const count = this.#count;
    if (this.#hasMaster) this.#only = false;
    this.#first = Math.max(1, Math.min(this.#first, this.#decks.length - count + 1));
    const decks = this.#only ? [] : this.#decks.slice(this.#first - 1, this.#first - 1 + count);
    /** @type {HTMLElement[]} */
    const wanted = [...decks, ...(this.#hasMaster || this.#only ? [this.#master] : [])];
    for (const child of [...this.#strips.children]) {
      if (!wanted.includes(/** @type {HTMLElement} */ (child))) child.remove();
    }
    wanted.forEach((element, index) => {
      if (this.#strips.children[index] !== element) this.#strips.insertBefore(element, this.#strips.children[index] ?? null);
    });
    this.#showMaster.hidden = this.#hasMaster;
    attribute(this.#showMaster, "aria-pressed", String(this.#only));
    this.#chips.querySelectorAll("jockey-deck-chip").forEach((chip, index) => {
      const shown = decks.includes(/** @type {DeckStrip} */ (this.#decks[index]));
      attribute(/** @type {DeckChip} */ (chip).button, "aria-pressed", String(shown));
    });
    this.#show();
  }

  /** @param {number} height room for panes in a strip */
  #fit(height) {
    if (Math.abs(height - this.#rooms) < 2) return;
    this.#rooms = height;
    this.#show();
  }

  /** @param {string} name */
  #want(name) {
    this.#wanted = [name, ...this.#wanted.filter((other) => other !== name)];
    this.#show();
  }

  #show() {
    /** @type {string[]} */
    const shown = [];
    let left = this.#rooms;
    for (const name of this.#wanted) {
      const height = (this.#panes.find((pane) => pane.name === name)?.height ?? 0) + GAP_PX;
      if (shown.length && height > left) continue;
      shown.push(name);
      left -= height;
    }
    for (const button of this.#tabs.children) {
      attribute(button, "aria-pressed", String(shown.includes(button.getAttribute("data-pane") ?? "")));
    }
    this.#tabs.hidden = shown.length === this.#panes.length;
    for (const deck of this.#decks) if (deck.isConnected) deck.show(shown);
  }
}

customElements.define("jockey-bank", Bank);
