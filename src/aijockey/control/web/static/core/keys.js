/** The keyboard, as the server's table of keys lays it out; `?` is known without one. */

import { showHelp } from "../elements/help.js";
import { session } from "./session.js";
import { tidy } from "./table.js";

/** @import { Key } from "./types.js" */

/** @type {Record<string, string>} */
const NAMES = { " ": "space", ArrowUp: "up", ArrowDown: "down", ArrowLeft: "left", ArrowRight: "right", Escape: "escape", Enter: "enter", Tab: "tab", Backspace: "backspace", Delete: "delete" };

export function listenToKeys() {
  addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || isTyping(event.target)) return;
    if (event.key === "?") {
      showHelp();
      event.preventDefault();
      return;
    }
    const key = find(event);
    if (!key || document.querySelector("dialog[open]")) return;
    if (act(key, event)) event.preventDefault();
  });
}

/** @param {KeyboardEvent} event */
function find(event) {
  const name = NAMES[event.key] ?? event.key;
  return session.keys.find(({ key }) => key === name || key === event.key);
}

/** @param {Key} key @param {KeyboardEvent} event @returns {boolean} whether there was anything to do */
function act(key, event) {
  const { address, value, step } = key;
  const row = address ? session.row(address) : undefined;
  if (!address || !row) return false;
  // A focused button has Space and Enter to itself.
  if ((event.key === " " || event.key === "Enter") && event.target instanceof HTMLButtonElement) return false;
  if (row.curve === "trigger" && event.repeat) return true;
  if (step !== undefined && step !== null) session.move(address, tidy(row, session.number(address) + step));
  else if (row.curve === "switch" && (value === undefined || value === null)) {
    if (!event.repeat) session.move(address, session.number(address) ? 0 : 1);
  } else if (!event.repeat) session.move(address, value ?? 1);
  return true;
}

/** @param {EventTarget | null} target */
function isTyping(target) {
  return target instanceof HTMLInputElement || target instanceof HTMLTextAreaElement || target instanceof HTMLSelectElement;
}
