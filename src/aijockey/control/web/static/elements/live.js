/** An element that shows the session: built once, follows it while it is on the page. */

export class Live extends HTMLElement {
  /** @type {(() => void)[]} */
  #ends = [];
  #built = false;

  connectedCallback() {
    if (!this.#built) {
      this.#built = true;
      this.build();
    }
    this.#ends = this.follow();
  }

  disconnectedCallback() {
    for (const end of this.#ends) end();
    this.#ends = [];
  }

  /** Make what it consists of, once. */
  build() {}

  /** Begin to follow; each of what is returned ends a part of it. @returns {(() => void)[]} */
  follow() {
    return [];
  }

  draw() {}

  /** Number of the deck that it is about, 0 for none. */
  get deck() {
    return Number(this.getAttribute("deck") ?? 0);
  }
}
