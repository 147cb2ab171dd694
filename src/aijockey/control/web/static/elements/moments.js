/**
 * A deck's eight moments as buttons: a touch crosses to one or fills an empty one, a long touch fills it anew, as does
 * "Keep" and a touch. With `pad` they are also the corners of a pad on which a finger mixes them.
 */

import { attribute, h } from "../core/dom.js";
import { redraw } from "../core/frames.js";
import { mixture, moment, momentText } from "../core/point.js";
import { session } from "../core/session.js";
import { throttled } from "../core/throttle.js";
import { Live } from "./live.js";
import { LatentMap } from "./map.js";

const MOMENTS = 8;
const PLACES = [[0.12, 0.2], [0.88, 0.2], [0.12, 0.88], [0.88, 0.88], [0.5, 0.2], [0.88, 0.54], [0.5, 0.88], [0.12, 0.54]];
/** A pad asks for so many loops a second at most. */
const WALK_HZ = 8;
const LONG_MS = 600;
const CONTROLS = "controls.";

export class Moments extends Live {
  #keep = h("button", { type: "button", class: "keep", "aria-pressed": "false" }, "Keep");
  /** @type {HTMLButtonElement[]} */
  #slots = [];
  /** @type {LatentMap | null} */
  #pad = null;
  /** @type {{values: Record<string, string>, number: number}[]} of the deck's voice, in the order of the pad's sites */
  #mixed = [];
  #hint = h("p", { class: "hint" });
  #walk = throttled(1000 / WALK_HZ, (/** @type {number[]} */ shares) => this.#mix(shares));

  build() {
    this.#slots = Array.from({ length: MOMENTS }, (_, index) => this.#slot(index + 1));
    this.#keep.addEventListener("click", () => this.#arm(this.#keep.getAttribute("aria-pressed") !== "true"));
    attribute(this.#keep, "aria-label", `deck ${this.deck}: keep a moment`);
    if (this.hasAttribute("pad")) {
      this.#pad = new LatentMap();
      this.#pad.setAttribute("aria-label", `pad of the moments of deck ${this.deck}`);
      this.#pad.addEventListener("walk", (event) => this.#walk(/** @type {CustomEvent} */ (event).detail));
      this.#pad.addEventListener("visit", (event) => {
        const visited = this.#mixed[/** @type {CustomEvent} */ (event).detail];
        if (visited) session.move(this.#address("moment"), visited.number);
      });
      this.append(h("div", { class: "pad" }, this.#pad, this.#hint));
    }
    this.append(h("div", { class: "slots", role: "group", "aria-label": `moments of deck ${this.deck}` }, ...this.#slots, this.#pad ? null : this.#keep));
  }

  follow() {
    return [
      ...Array.from({ length: MOMENTS }, (_, index) => session.watch(this.#address(`moment_${index + 1}`), () => redraw(this))),
      session.watch(this.#address("voice"), () => redraw(this)),
    ];
  }

  /** @param {string} name */
  #address(name) {
    return `deck.${this.deck}.${name}`;
  }

  /** @param {boolean} on */
  #arm(on) {
    attribute(this.#keep, "aria-pressed", String(on));
    this.toggleAttribute("data-armed", on);
  }

  /** @param {number} number */
  #slot(number) {
    const slot = h("button", { type: "button" }, String(number));
    /** @type {ReturnType<typeof setTimeout> | undefined} */
    let timer;
    let kept = false;
    slot.addEventListener("pointerdown", () => {
      kept = false;
      timer = setTimeout(() => {
        kept = true;
        session.move(this.#address("store"), number);
        session.note(`deck ${this.deck} keeps moment ${number}`);
      }, LONG_MS);
    });
    for (const name of ["pointerup", "pointerleave", "pointercancel"]) slot.addEventListener(name, () => clearTimeout(timer));
    slot.addEventListener("contextmenu", (event) => event.preventDefault());
    slot.addEventListener("click", () => {
      if (!kept) this.#touch(number);
      kept = false;
    });
    return slot;
  }

  /** @param {number} number */
  #touch(number) {
    const armed = this.hasAttribute("data-armed");
    const empty = !moment(session.value(this.#address(`moment_${number}`)));
    if (armed || empty) session.move(this.#address("store"), number);
    else session.move(this.#address("moment"), number);
    this.#arm(false);
  }

  draw() {
    const held = Array.from({ length: MOMENTS }, (_, index) => moment(session.value(this.#address(`moment_${index + 1}`))));
    this.#slots.forEach((slot, index) => {
      const values = held[index];
      slot.toggleAttribute("data-full", Boolean(values));
      const what = values ? `${values["voice"] ?? ""} ${values["point"] ?? ""}` : "empty; a touch keeps what plays";
      attribute(slot, "aria-label", `deck ${this.deck} moment ${index + 1}: ${what}`);
      slot.title = what;
    });
    if (!this.#pad) return;
    const voice = session.value(this.#address("voice"));
    this.#mixed = held.flatMap((values, index) =>
      values?.["point"] && (values["voice"] ?? voice) === voice ? [{ values, number: index + 1 }] : [],
    );
    this.#pad.sites = this.#mixed.map(({ number }) => {
      const [x = 0.5, y = 0.5] = PLACES[number - 1] ?? [];
      return { x, y, name: String(number), kind: "moment" };
    });
    this.#hint.hidden = this.#mixed.length > 1;
    this.#hint.textContent = this.#mixed.length ? "keep another moment to mix the two" : "keep two moments, then mix them here";
  }

  /** A loop between the moments: its point, and the mean of its controls. @param {number[]} shares */
  #mix(shares) {
    const parts = this.#mixed.map(({ values }, index) => ({ values, weight: shares[index] ?? 0 }));
    if (!parts.length) return;
    /** @type {Record<string, string | number>} */
    const values = { voice: String(session.value(this.#address("voice"))) };
    values["point"] = mixture(parts.map(({ values: { point }, weight }) => ({ point: point ?? "0", weight })));
    const names = new Set(parts.flatMap((part) => Object.keys(part.values).filter((name) => name.startsWith(CONTROLS))));
    for (const name of names) {
      const mean = parts.reduce((sum, part) => sum + part.weight * Number(part.values[name] ?? 0), 0);
      values[name] = Math.round(1000 * mean) / 1000;
    }
    session.move(this.#address("loop"), momentText(values));
  }
}

customElements.define("jockey-moments", Moments);
