/** What happens in the set: timeline and list of what was moved, recording, undo, moments of all decks, the queue. */

import { attribute, h, say } from "../core/dom.js";
import { hueOf } from "../core/colour.js";
import { redraw } from "../core/frames.js";
import { session } from "../core/session.js";
import { controlFor } from "./any.js";
import { Live } from "./live.js";
import { whenWords } from "./loop-view.js";
import "./moments.js";
import { eventWords } from "./timeline.js";
import { time } from "./time.js";

const MOST_LISTED = 80;

export class SetSheet extends Live {
  #list = h("ol", { class: "events", "aria-label": "what was moved, newest first", tabindex: 0 });
  #record = h("button", { type: "button", class: "record" });
  #told = h("p", { class: "told", role: "status" });
  #steps = h("span", { class: "hint" });
  #pilot = h("p", { class: "told", role: "status" });
  #queue = h("ul", { class: "coming", "aria-label": "what comes" });

  build() {
    const decks = Array.from({ length: session.instrument.decks }, (_, index) => index + 1);
    this.#record.addEventListener("click", () => {
      session.command(this.#recording["recording"] ? "stop_recording" : "record").catch(() => {});
    });
    this.append(
      h("section", { class: "wide" }, h("h2", {}, "Timeline"), h("jockey-timeline")),
      h("section", {}, h("h2", {}, "Recording"), h("div", { class: "row" }, this.#record), this.#told),
      h(
        "section",
        {},
        h("h2", {}, "History"),
        h("div", { class: "row" }, controlFor("history.undo", { label: "Undo" }), controlFor("history.redo", { label: "Redo" }), this.#steps),
      ),
      h("section", {}, h("h2", {}, "Coming"), this.#queue),
      h(
        "section",
        { hidden: !session.row("autopilot.on") },
        h("h2", {}, "Autopilot"),
        h("div", { class: "all" }, ...(session.table?.groups().get("autopilot") ?? []).map((address) => controlFor(address))),
        this.#pilot,
      ),
      h(
        "section",
        { class: "moments" },
        h("h2", {}, "Moments"),
        ...decks.map((deck) => h("div", { class: "line", "data-hue": hueOf(deck) }, h("span", { class: "badge" }, String(deck)), h("jockey-moments", { deck }))),
      ),
      h("section", {}, h("h2", {}, "What was moved"), this.#list),
    );
  }

  follow() {
    redraw(this);
    return [session.on("state", () => redraw(this)), session.on("moved", () => redraw(this))];
  }

  get #recording() {
    return session.state["recording"] ?? {};
  }

  draw() {
    const { recording, path, seconds, error } = this.#recording;
    attribute(this.#record, "aria-pressed", String(Boolean(recording)));
    say(this.#record, recording ? "Stop recording" : "Record");
    const name = String(path ?? "").split(/[\\/]/).pop();
    say(this.#told, error ? String(error) : recording ? `${name} · ${time(Number(seconds ?? 0))}` : "sound, track list and the performance itself");
    const steps = Number(session.state["steps_to_undo"] ?? 0);
    say(this.#steps, steps === 1 ? "1 step" : `${steps} steps`);
    const pilot = session.state["services"]?.["autopilot"] ?? {};
    say(this.#pilot, String(pilot["error"] ?? pilot["plan"] ?? pilot["next"] ?? ""));
    this.#events();
    this.#coming();
  }

  #events() {
    const now = session.clock.beatAt() + 0.5;
    const lines = session.events.filter((event) => event.beat <= now).slice(-MOST_LISTED).reverse().map((event) => [`${Math.floor(event.beat / 4) + 1}`, eventWords(event)]);
    lines.forEach(([bar = "", words = ""], index) => {
      const line = this.#list.children[index] ?? this.#list.appendChild(h("li", {}, h("b", {}), h("span", {})));
      if (line.firstChild && line.lastChild) {
        say(line.firstChild, bar);
        say(line.lastChild, words);
      }
    });
    while (this.#list.children.length > lines.length) this.#list.lastChild?.remove();
  }

  #coming() {
    const beat = session.clock.beatAt();
    const words = (session.state["decks"] ?? []).flatMap((/** @type {any} */ deck, /** @type {number} */ index) => {
      const left = typeof deck?.enters === "number" ? deck.enters - beat : NaN;
      const when = whenWords(deck ?? {}, left);
      return when ? [`deck ${index + 1}: ${when}${deck.late ? "; what plays goes on" : ""}`] : [];
    });
    words.forEach((/** @type {string} */ text, /** @type {number} */ index) => {
      say(this.#queue.children[index] ?? this.#queue.appendChild(h("li", {})), text);
    });
    while (this.#queue.children.length > words.length) this.#queue.lastChild?.remove();
  }
}

customElements.define("jockey-set-sheet", SetSheet);
