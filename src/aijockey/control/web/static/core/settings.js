/** What this browser remembers: theme, how faders behave, which view and deck were open. */

/** @typedef {"auto" | "dark" | "light"} Theme */

const KEY = "aijockey";
const DEFAULTS = { theme: "auto", faders: "relative", view: "play", deck: 1, paneOf: "" };

/** @type {Record<string, any>} */
let kept = { ...DEFAULTS };
try {
  kept = { ...DEFAULTS, ...JSON.parse(localStorage.getItem(KEY) ?? "{}") };
} catch {
  // Without storage (a private window) everything works, and is forgotten.
}

/** @param {keyof typeof DEFAULTS} name @returns {any} */
export function setting(name) {
  return kept[name];
}

/** @param {keyof typeof DEFAULTS} name @param {any} value */
export function keep(name, value) {
  kept[name] = value;
  try {
    localStorage.setItem(KEY, JSON.stringify(kept));
  } catch {
    // as above
  }
}

/** Show the page as the player wants it. */
export function applyTheme() {
  document.documentElement.dataset["theme"] = setting("theme");
}
