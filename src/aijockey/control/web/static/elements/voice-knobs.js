/** Knobs for the directions of the voice that a deck plays; another voice has other ones. */

import { h } from "../core/dom.js";
import { redraw } from "../core/frames.js";
import { session } from "../core/session.js";
import { controlFor } from "./any.js";
import { Live } from "./live.js";

/** Rows that belong beside the directions, where the table has them. */
const BESIDE = ["spread", "walk_pace"];
/** Two lines of three, or of four where there is more to turn; all others are in the drawer. */
const ROOMY = 6;
const MOST = 8;

export class VoiceKnobs extends Live {
  #shown = "";

  build() {
    this.classList.add("knobs");
  }

  follow() {
    return [session.watch(`deck.${this.deck}.voice`, () => redraw(this))];
  }

  draw() {
    const name = String(session.value(`deck.${this.deck}.voice`) ?? "");
    const voice = session.instrument.voices.find((one) => one.name === name) ?? session.instrument.voices[0];
    const controls = (voice?.controls ?? []).map((control) => `controls.${control}`);
    const beside = BESIDE.filter((row) => session.row(`deck.${this.deck}.${row}`));
    const names = [...controls.slice(0, MOST - beside.length), ...beside].slice(0, MOST);
    if (names.join() === this.#shown) return;
    this.#shown = names.join();
    this.classList.toggle("four", names.length > ROOMY);
    this.replaceChildren(
      ...names.map((control) => controlFor(`deck.${this.deck}.${control}`, { label: short(control), plain: true })),
      ...(names.length ? [] : [h("p", { class: "hint" }, "this voice has no directions")]),
    );
  }
}

/** @param {string} name */
function short(name) {
  /** @type {Record<string, string>} */
  const shorter = { "controls.onset_density": "density", "controls.bass_share": "bass", "controls.brightness": "bright", "controls.tonalness": "tonal", walk_pace: "pace" };
  return shorter[name] ?? name.replace("controls.", "").replaceAll("_", " ");
}

customElements.define("jockey-voice-knobs", VoiceKnobs);
