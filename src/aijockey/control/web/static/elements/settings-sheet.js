/** What is set once: how this page looks and behaves, who else is connected, the network, keys, and the whole table. */

import { attribute, h, say, svg } from "../core/dom.js";
import { redraw } from "../core/frames.js";
import { learn, midi } from "../core/learn.js";
import { session } from "../core/session.js";
import { applyTheme, keep, setting } from "../core/settings.js";
import { sound } from "../core/sound.js";
import { section } from "./drawer.js";
import { figures } from "./health.js";
import { showHelp } from "./help.js";
import { Live } from "./live.js";
import { notes } from "./notices.js";

/** @typedef {"theme" | "faders"} Name */

export class SettingsSheet extends Live {
  #services = h("dl", { class: "figures" });
  #health = h("dl", { class: "figures" });
  #learn = h("div", { class: "row", hidden: true }, h("button", { type: "button", onclick: learn }, "Learn a controller"));
  #network = h("div", { class: "network" });
  #sound = h("div", { class: "row" });
  #figures = h("p", { class: "hint" });
  #notes = h("ol", { class: "events", "aria-label": "notes", tabindex: 0 });

  build() {
    const help = h("button", { type: "button", onclick: showHelp }, "Hands and keys");
    this.append(
      h(
        "section",
        {},
        h("h2", {}, "This page"),
        this.#choice("theme", "Light", [["auto", "as the system"], ["dark", "dark"], ["light", "light"]]),
        this.#choice("faders", "Faders", [["relative", "move with the finger"], ["jump", "jump to the finger"]]),
        h("div", { class: "row" }, help, this.#fullscreen()),
      ),
      h("section", {}, h("h2", {}, "Sound in this page"), this.#sound, this.#figures),
      h("section", {}, h("h2", {}, "Other devices"), this.#network),
      h("section", {}, h("h2", {}, "Surfaces"), this.#services, this.#learn),
      h("section", {}, h("h2", {}, "Health"), this.#health),
      h("section", {}, h("h2", {}, "Notes"), this.#notes),
      h("section", { class: "wide" }, h("h2", {}, "Everything that belongs to no deck"), ...this.#table()),
    );
  }

  follow() {
    const look = () => redraw(this);
    sound.addEventListener("figures", look);
    this.#pairing();
    this.#sounds();
    look();
    return [session.on("state", look), session.on("link", look), () => sound.removeEventListener("figures", look)];
  }

  /** @param {Name} name @param {string} label @param {[string, string][]} choices */
  #choice(name, label, choices) {
    const buttons = choices.map(([value, word]) => h("button", { type: "button", "data-value": value }, word));
    const show = () => buttons.forEach((button) => attribute(button, "aria-pressed", String(button.dataset["value"] === setting(name))));
    for (const button of buttons) {
      button.addEventListener("click", () => {
        keep(name, button.dataset["value"]);
        applyTheme();
        show();
      });
    }
    show();
    return h("div", { class: "row named", role: "group", "aria-label": label }, h("span", { class: "label" }, label), h("div", { class: "segments" }, ...buttons));
  }

  #fullscreen() {
    const button = h("button", { type: "button", hidden: !document.fullscreenEnabled }, "Full screen");
    button.addEventListener("click", () => {
      if (document.fullscreenElement) document.exitFullscreen();
      else document.documentElement.requestFullscreen().catch(() => {});
    });
    return button;
  }

  #sounds() {
    const all = ["off", ...session.sounds];
    const buttons = all.map((which) => h("button", { type: "button", "data-value": which }, which));
    for (const button of buttons) {
      button.addEventListener("click", () => {
        const which = button.dataset["value"] ?? "off";
        if (which === "off") sound.stop();
        else sound.play(which);
      });
    }
    this.#sound.replaceChildren(h("div", { class: "segments", role: "group", "aria-label": "sound in this page" }, ...buttons));
  }

  async #pairing() {
    const pairing = await session.get("pairing").catch(() => null);
    const link = pairing?.link ?? session.state["network"];
    if (!pairing) {
      const hint = link ? `others find this page at ${link}` : "this set plays for this machine alone; aijockey play --network lets others join";
      this.#network.replaceChildren(h("p", { class: "hint" }, hint));
      return;
    }
    this.#network.replaceChildren(code(pairing.qr), h("p", { class: "hint" }, "scan to join with a tablet or phone"));
  }

  #table() {
    return [...(session.table?.groups() ?? new Map())].map(([group, addresses]) => section(group, addresses));
  }

  draw() {
    for (const button of this.#sound.querySelectorAll("button")) {
      attribute(button, "aria-pressed", String(button.dataset["value"] === sound.which));
    }
    const { buffered_ms: buffer, underruns, lost_frames: lost } = sound.figures;
    say(this.#figures, sound.which === "off" ? "master or headphones, heard by this browser" : `buffer ${Math.round(buffer)} ms, ${underruns} underruns, ${lost} frames lost`);
    list(this.#services, Object.entries(session.state["services"] ?? {}).map(([name, told]) => [name, words(told)]));
    this.#learn.hidden = !midi() || Boolean(midi()?.["error"]);
    list(this.#health, figures(session.state));
    this.#notes.replaceChildren(...notes.slice().reverse().map(({ at, text }) => h("li", {}, h("b", {}, at.toLocaleTimeString([], { hour: "2-digit", minute: "2-digit" })), h("span", {}, text))));
  }
}

/** @param {HTMLElement} element @param {[string, string][]} rows */
function list(element, rows) {
  const shown = JSON.stringify(rows);
  if (element.dataset["shown"] === shown) return;
  element.dataset["shown"] = shown;
  element.replaceChildren(...rows.flatMap(([name, value]) => [h("dt", {}, name), h("dd", {}, value)]));
}

/** Status of a service in words. @param {unknown} told */
function words(told) {
  if (!told || typeof told !== "object") return String(told ?? "");
  const { error, ...others } = /** @type {Record<string, unknown>} */ (told);
  if (error) return String(error);
  return Object.entries(others)
    .map(([name, value]) => `${name.replaceAll("_", " ")} ${typeof value === "object" ? JSON.stringify(value) : value}`)
    .join(", ") || "runs";
}

/** A QR code. @param {string[]} rows of 0 and 1 */
function code(rows) {
  const size = rows.length;
  const path = rows.flatMap((row, y) => [...row].map((cell, x) => (cell === "1" ? `M${x} ${y}h1v1h-1z` : ""))).join("");
  return svg("svg", { class: "qr", viewBox: `-4 -4 ${size + 8} ${size + 8}`, role: "img", "aria-label": "QR code of the link to this page" }, svg("path", { d: path }));
}

customElements.define("jockey-settings-sheet", SettingsSheet);
