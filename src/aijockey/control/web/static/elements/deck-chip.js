/** A deck as a small button that is always in sight: number, voice, whether it plays, how loud it is. */

import { attribute, h, say } from "../core/dom.js";
import { hueOf } from "../core/colour.js";
import { everyFrame, redraw } from "../core/frames.js";
import { METER_WORDS } from "../core/decode.js";
import { session } from "../core/session.js";
import { clamp } from "../core/table.js";
import { Live } from "./live.js";

const FLOOR_DB = -48;

export class DeckChip extends Live {
  button = h("button", { type: "button" });
  #name = h("span", { class: "name" });
  #level = h("i", { class: "level", "aria-hidden": "true" });
  #loud = -1;

  build() {
    attribute(this, "data-hue", String(hueOf(this.deck)));
    this.button.append(h("span", { class: "badge" }, String(this.deck)), this.#name, this.#level);
    this.append(this.button);
  }

  follow() {
    return [session.on("state", () => redraw(this)), everyFrame(() => this.#meter())];
  }

  #meter() {
    const rms = session.meters[METER_WORDS * this.deck + 2] ?? -120;
    const loud = Math.round(40 * clamp((rms - FLOOR_DB) / -FLOOR_DB)) / 40;
    if (loud === this.#loud) return;
    this.#loud = loud;
    this.#level.style.transform = `scaleX(${loud})`;
  }

  draw() {
    const deck = session.deck(this.deck);
    const voice = String(deck["voice"] ?? session.value(`deck.${this.deck}.voice`) ?? "");
    const wanted = session.number(`deck.${this.deck}.play`) > 0;
    const is = wanted !== Boolean(deck["plays"]) ? "waiting" : wanted ? "playing" : "stopped";
    attribute(this, "data-is", deck["late"] ? "late" : is);
    this.toggleAttribute("data-in-hand", session.inHand === this.deck);
    say(this.#name, voice);
    attribute(this.button, "aria-label", `show deck ${this.deck}, ${voice}, ${is}`);
  }
}

customElements.define("jockey-deck-chip", DeckChip);
