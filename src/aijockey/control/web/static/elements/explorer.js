/**
 * The latent space of a deck's voice to walk in with a finger: seeds on a plane and the deck's moments among them, as
 * a mixture of what is near. Beside it: neighbours of what plays ("more like this") and children of two moments.
 */

import { attribute, h, say } from "../core/dom.js";
import { hueOf } from "../core/colour.js";
import { redraw } from "../core/frames.js";
import { child, mixture, moment, neighbour, spread } from "../core/point.js";
import { session } from "../core/session.js";
import { keep, setting } from "../core/settings.js";
import { throttled } from "../core/throttle.js";
import { controlFor } from "./any.js";
import { DeckChip } from "./deck-chip.js";
import { Live } from "./live.js";
import { LatentMap } from "./map.js";
import "./loop-view.js";
import "./moments.js";
import "./voice-knobs.js";

const SEEDS = 20;
const WALK_HZ = 8;
const FIRST_SEEDS = [0, 100, 200, 300, 400, 500, 600, 700];
const DISTANCES = /** @type {const} */ ([["near", 0.2], ["far", 0.5], ["farther", 0.9]]);
const MOMENT_PLACES = [[0.5, 0.06], [0.96, 0.5], [0.5, 0.94], [0.04, 0.5], [0.2, 0.06], [0.8, 0.06], [0.8, 0.94], [0.2, 0.94]];

export class Explorer extends Live {
  #deck = 1;
  #page = 0;
  #map = new LatentMap();
  #side = h("div", { class: "side" });
  #chips = h("div", { class: "chips", role: "group", "aria-label": "decks" });
  #where = h("output", { class: "where", "aria-label": "point" });
  /** @type {string[]} points of the map's sites */
  #points = [];
  /** @type {(() => void)[]} */
  #watching = [];
  #walk = throttled(1000 / WALK_HZ, (/** @type {number[]} */ shares) => {
    const parts = this.#points.map((point, index) => ({ point, weight: shares[index] ?? 0 }));
    session.move(this.#address("point"), mixture(parts));
  });

  build() {
    this.#map.setAttribute("aria-label", "map of latent space; arrow keys walk");
    this.#map.addEventListener("walk", (event) => this.#walk(/** @type {CustomEvent} */ (event).detail));
    for (let deck = 1; deck <= session.instrument.decks; deck += 1) {
      const chip = /** @type {DeckChip} */ (h("jockey-deck-chip", { deck }));
      chip.button.addEventListener("click", () => this.#bring(deck));
      this.#chips.append(chip);
    }
    const other = h("button", { type: "button" }, "Other seeds");
    other.addEventListener("click", () => {
      this.#page = (this.#page + 1) % FIRST_SEEDS.length;
      this.#map.forget();
      redraw(this);
    });
    this.append(
      h("div", { class: "bank-bar" }, this.#chips),
      h("div", { class: "walk" }, h("div", { class: "plane" }, this.#map, h("div", { class: "under" }, this.#where, other)), this.#side),
    );
    this.#deck = Math.min(session.instrument.decks, Math.max(1, Number(setting("deck")) || 1));
  }

  follow() {
    this.#bring(this.#deck);
    return [() => this.#watching.forEach((end) => end())];
  }

  /** @param {string} name */
  #address(name) {
    return `deck.${this.#deck}.${name}`;
  }

  /** @param {number} deck */
  #bring(deck) {
    this.#deck = deck;
    keep("deck", deck);
    attribute(this, "data-hue", String(hueOf(deck)));
    this.#map.forget();
    this.#map.themed();
    for (const end of this.#watching) end();
    this.#watching = ["voice", "point", ...Array.from({ length: 8 }, (_, index) => `moment_${index + 1}`)].map((name) =>
      session.watch(this.#address(name), () => redraw(this)),
    );
    this.#chips.querySelectorAll("jockey-deck-chip").forEach((chip, index) => {
      attribute(/** @type {DeckChip} */ (chip).button, "aria-pressed", String(index + 1 === deck));
    });
    this.#side.replaceChildren(...this.#sections(deck));
  }

  /** @param {number} deck */
  #sections(deck) {
    const like = DISTANCES.map(([word, radians]) =>
      h("button", { type: "button", onclick: () => this.#near(radians) }, word),
    );
    const breed = h("button", { type: "button", onclick: () => this.#breed() }, "Child of two moments");
    return [
      h("div", { class: "loops" }, h("jockey-loop-view", { deck, which: "present" }), h("jockey-loop-view", { deck, which: "next" })),
      h("div", { class: "named-rows" }, controlFor(`deck.${deck}.voice`), controlFor(`deck.${deck}.seed`, { label: "seed", dice: true })),
      h("section", {}, h("h2", {}, "More like this"), h("div", { class: "row" }, ...like)),
      h("section", {}, h("h2", {}, "Breeding"), h("div", { class: "row" }, breed)),
      h("section", {}, h("h2", {}, "Moments"), h("jockey-moments", { deck })),
      h("section", {}, h("h2", {}, "Directions"), h("jockey-voice-knobs", { deck })),
      h(
        "section",
        {},
        h("div", { class: "all" }, ...["more_like_this", "walk_kind", "walk_pace", "walk_range", "walk_seed", "spread", "members", "deal"].map((name) => controlFor(`deck.${deck}.${name}`))),
      ),
    ];
  }

  /** A neighbour of what plays, another one each time. @param {number} radians */
  #near(radians) {
    if (session.row(this.#address("shake"))) session.move(this.#address("shake"), radians);
    else session.move(this.#address("point"), neighbour(this.#present(), Math.floor(1e6 * Math.random()), radians));
  }

  #present() {
    const playing = moment(session.deck(this.#deck)["loop"])?.["point"];
    return playing ?? String(session.value(this.#address("point")) ?? "0");
  }

  #breed() {
    const parents = this.#moments();
    const first = Math.floor(Math.random() * parents.length);
    const second = (first + 1 + Math.floor(Math.random() * (parents.length - 1))) % parents.length;
    const [a, b] = [parents[first], parents[second]];
    if (!a || !b || a === b) session.note("keep two moments of this voice first: a child has two parents");
    else if (session.row(this.#address("breed"))) session.move(this.#address("breed"), `${a.number} ${b.number}`);
    else session.move(this.#address("point"), child(a.point, b.point, Math.floor(1e6 * Math.random())));
  }

  /** Moments of the voice that plays. */
  #moments() {
    const voice = session.value(this.#address("voice"));
    return MOMENT_PLACES.flatMap(([x = 0.5, y = 0.5], index) => {
      const values = moment(session.value(this.#address(`moment_${index + 1}`)));
      const point = values?.["point"];
      return values && point && (values["voice"] ?? voice) === voice ? [{ x, y, point, number: index + 1, name: `m${index + 1}`, kind: "moment" }] : [];
    });
  }

  draw() {
    const first = FIRST_SEEDS[this.#page] ?? 0;
    const seeds = spread(SEEDS).map((place, index) => ({ ...place, point: String(first + index), name: String(first + index) }));
    const sites = [...seeds, ...this.#moments()];
    this.#points = sites.map((site) => site.point);
    this.#map.sites = sites;
    say(this.#where, String(session.value(this.#address("point")) ?? ""));
  }
}

customElements.define("jockey-explorer", Explorer);
