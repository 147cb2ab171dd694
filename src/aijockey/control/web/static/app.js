/** The page: transport above, views beside or below, one view at a time. */

import { keepAwake } from "./core/awake.js";
import { attribute, h, say, svg } from "./core/dom.js";
import { listenToKeys } from "./core/keys.js";
import { pair } from "./core/pairing.js";
import { session } from "./core/session.js";
import { applyTheme, keep, setting } from "./core/settings.js";
import "./elements/notices.js";
import "./elements/transport.js";
import * as explore from "./views/explore.js";
import * as mixer from "./views/mixer.js";
import * as play from "./views/play.js";
import * as set from "./views/set.js";
import * as settings from "./views/settings.js";

/** @typedef {{title: string, icon: string, build: () => HTMLElement}} View */

/** @type {Record<string, View>} */
const VIEWS = { play, explore, mixer, set, settings };

const main = /** @type {HTMLElement} */ (document.querySelector("main"));
const nav = /** @type {HTMLElement} */ (document.querySelector("nav"));
const header = /** @type {HTMLElement} */ (document.querySelector("body > header"));
/** @type {Map<string, HTMLElement>} */
const built = new Map();

for (const [name, { title, icon }] of Object.entries(VIEWS)) {
  const button = h(
    "button",
    { type: "button", "data-view": name, onclick: () => show(name) },
    svg("svg", { viewBox: "0 0 24 24", "aria-hidden": "true" }, svg("path", { d: icon })),
    h("span", {}, title),
  );
  nav.append(button);
}

/** @param {string} name */
function show(name) {
  const view = VIEWS[name];
  if (!view || !session.table) return;
  const element = built.get(name) ?? h("div", { class: "page" }, h("h1", { class: "unseen" }, view.title), view.build());
  built.set(name, element);
  keep("view", name);
  if (main.firstElementChild !== element) main.replaceChildren(element);
  document.title = `${view.title} · AI Jockey`;
  for (const button of nav.children) {
    if (button.getAttribute("data-view") === name) button.setAttribute("aria-current", "page");
    else button.removeAttribute("aria-current");
  }
}

// Another set or another table: everything is made anew. After a lost connection to the same one, nothing moves.
session.on("snapshot", () => {
  built.clear();
  for (const dialog of document.querySelectorAll("dialog")) dialog.close();
  header.replaceChildren(h("jockey-transport"));
  show(VIEWS[setting("view")] ? setting("view") : "play");
});

session.on("link", () => {
  attribute(document.body, "data-link", session.link);
  const cover = /** @type {HTMLElement} */ (document.querySelector("#cover"));
  cover.hidden = session.link === "on";
  say(/** @type {Node} */ (cover.querySelector(".words")), coverWords());
  /** @type {HTMLElement} */ (cover.querySelector("form")).hidden = session.link !== "unpaired";
  // Under the cover nothing can be moved, also not by keys.
  main.inert = header.inert = session.link !== "on";
});

document.querySelector("#cover form")?.addEventListener("submit", async (event) => {
  event.preventDefault();
  const field = /** @type {HTMLInputElement} */ (document.querySelector("#cover input"));
  const trouble = await pair(field.value.trim());
  if (trouble) session.note(trouble);
  else session.connection.open();
  field.value = "";
});

function coverWords() {
  if (session.link === "unpaired") return "Scan the code on the player's screen, or type what stands behind “pair=” in its link.";
  return session.table ? "Connecting again…" : "Connecting…";
}

applyTheme();
listenToKeys();
keepAwake();
session.open();
