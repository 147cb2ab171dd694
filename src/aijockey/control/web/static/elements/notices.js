/** Notes to the player, one at a time for a few seconds, over nothing that is touched; the last ones stay in a list. */

import { h } from "../core/dom.js";
import { session } from "../core/session.js";
import { Live } from "./live.js";

const SHOWN_MS = 5000;
const MOST = 50;

/** @type {{at: Date, text: string}[]} newest last */
export const notes = [];

export class Notices extends Live {
  #line = h("p", { role: "status" });
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #timer;

  build() {
    this.append(this.#line);
  }

  follow() {
    const listen = (/** @type {Event} */ event) => this.#show(String(/** @type {CustomEvent} */ (event).detail));
    session.addEventListener("note", listen);
    return [() => session.removeEventListener("note", listen)];
  }

  /** @param {string} text */
  #show(text) {
    notes.push({ at: new Date(), text });
    notes.splice(0, notes.length - MOST);
    this.#line.textContent = text;
    this.dataset["shown"] = "";
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => delete this.dataset["shown"], SHOWN_MS);
  }
}

customElements.define("jockey-notices", Notices);
