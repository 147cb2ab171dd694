/** How the instrument is, as one word that is quiet while all is well; a touch shows the figures. */

import { attribute, h, say } from "../core/dom.js";
import { redraw } from "../core/frames.js";
import { session } from "../core/session.js";
import { Live } from "./live.js";

/** Load of the engine from which a player should take something away. */
const HIGH_LOAD = 0.75;
const RECENT_MS = 10000;

export class Health extends Live {
  #button = h("button", { type: "button", popovertarget: "health-figures" });
  #sign = h("span", { class: "sign", "aria-hidden": "true" });
  #word = h("span", { class: "word" });
  #figures = h("dl", { id: "health-figures", popover: "auto" });
  #counts = { underruns: NaN, late: NaN };
  #troubled = -Infinity;

  build() {
    this.#button.append(this.#sign, this.#word);
    this.append(this.#button, this.#figures);
  }

  follow() {
    return [session.on("state", () => redraw(this)), session.on("link", () => redraw(this))];
  }

  draw() {
    const state = session.state;
    const [word, level] = this.#judge(state);
    attribute(this, "data-level", level);
    say(this.#sign, { good: "●", fair: "▲", bad: "■" }[level] ?? "●");
    say(this.#word, word);
    attribute(this.#button, "aria-label", `health: ${word}`);
    const rows = figures(state);
    if (this.#figures.matches(":popover-open") || !this.#figures.childElementCount) {
      this.#figures.replaceChildren(...rows.flatMap(([name, value]) => [h("dt", {}, name), h("dd", {}, value)]));
    }
  }

  /** @param {Record<string, any>} state @returns {[string, string]} */
  #judge(state) {
    if (session.link === "unpaired") return ["not paired", "bad"];
    if (session.link !== "on") return ["connecting", "bad"];
    const now = performance.now();
    const counts = { underruns: Number(state["underruns"] ?? 0), late: Number(state["late_loops"] ?? 0) };
    if (counts.underruns > this.#counts.underruns) this.#troubled = now;
    this.#counts = counts;
    if (now - this.#troubled < RECENT_MS) return ["dropout", "bad"];
    const device = state["device"]?.["state"];
    if (device && !["open", "ended"].includes(device)) return [`device ${device}`, "bad"];
    const load = Number(state["load"]?.["p99"] ?? 0);
    if (load > HIGH_LOAD) return [`load ${Math.round(100 * load)} %`, "fair"];
    if (state["decks"]?.some((/** @type {any} */ deck) => deck?.late)) return ["loop late", "fair"];
    return [`${Math.round(100 * Number(state["load"]?.["mean"] ?? 0))} %`, "good"];
  }
}

/** @param {Record<string, any>} state @returns {[string, string][]} */
export function figures(state) {
  const load = state["load"] ?? {};
  const share = (/** @type {unknown} */ value) => `${Math.round(100 * Number(value ?? 0))} %`;
  /** @type {[string, string][]} */
  const rows = [
    ["engine load", `${share(load["mean"])}, p99 ${share(load["p99"])}`],
    ["dropouts", String(state["underruns"] ?? 0)],
    ["late loops", String(state["late_loops"] ?? 0)],
    ["failed loops", String(state["failed_loops"] ?? 0)],
    ["ahead of the sound", `${state["ahead_ms"] ?? 0} ms`],
    ["a loop takes", `${Math.round(Math.max(0, ...(state["loop_ms"] ?? [0])))} ms`],
    ["limiter", `${Number(session.limiter).toFixed(1)} dB`],
    ["device", String(state["device"]?.["name"] ?? state["device"]?.["state"] ?? "none")],
    ["surfaces", String(state["clients"] ?? 1)],
    ["to the server and back", `${session.connection.latency.toFixed(0)} ms`],
  ];
  for (const name of ["engine", "device", "server", "writer", "stream", "worker"]) {
    const count = Number(state[`${name}_restarts`] ?? 0);
    if (count) rows.push([`${name} restarts`, String(count)]);
  }
  for (const name of ["note", "last_error"]) if (state[name]) rows.push([name.replace("_", " "), String(state[name])]);
  return rows;
}

customElements.define("jockey-health", Health);
