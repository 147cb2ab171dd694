/**
 * The keyboard, as the server's table of keys lays it out; `?` is known without one. A key of `deck.N.…` moves the deck
 * in hand: the one whose keys were pressed last, or that was chosen. Two keys one after the other may be one of the table.
 */

import { showHelp } from "../elements/help.js";
import { session } from "./session.js";
import { deckOf, tidy } from "./table.js";

/** @import { Key, Row, Value } from "./types.js" */

/** @type {Record<string, string>} */
const NAMES = { " ": "space", ArrowUp: "up", ArrowDown: "down", ArrowLeft: "left", ArrowRight: "right", Escape: "escape", Enter: "enter", Tab: "tab", Backspace: "backspace", Delete: "delete" };

const SECOND_KEY_MS = 3000;
let begun = "";
let begunAt = 0;

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

/** @param {KeyboardEvent} event @returns {Key | undefined} */
function find(event) {
  if (event.key === "Shift") return undefined;
  const name = NAMES[event.key] ?? event.key;
  const first = performance.now() - begunAt < SECOND_KEY_MS ? begun : "";
  begun = "";
  const both = first && session.keys.find(({ key }) => key === `${first} ${name}`);
  if (both) return both;
  if (session.keys.some(({ key }) => key.startsWith(`${name} `))) {
    begun = name;
    begunAt = performance.now();
    session.note(`deck ${hand()}: ${name} and a number`);
    return undefined;
  }
  return session.keys.find(({ key }) => key === name || key === event.key);
}

/** The deck in hand. */
const hand = () => session.inHand || 1;

/** @param {Key} key @param {KeyboardEvent} event @returns {boolean} whether there was anything to do */
function act(key, event) {
  if (key.action === "next_deck" || key.action === "previous_deck") {
    session.take(hand() + (key.action === "next_deck" ? 1 : -1));
    return true;
  }
  const { value, step, back } = key;
  const number = deckOf(key.address ?? "");
  if (number) session.take(number);
  const address = key.address?.replace("deck.N.", `deck.${hand()}.`);
  const row = address ? session.row(address) : undefined;
  if (!address || !row) return false;
  // A focused button has Space and Enter to itself.
  if ((event.key === " " || event.key === "Enter") && event.target instanceof HTMLButtonElement) return false;
  if (row.curve === "trigger" && event.repeat) return true;
  if (step !== undefined && step !== null) session.move(address, stepped(row, session.value(address) ?? 0, step));
  else if (back !== undefined && value !== undefined) {
    if (!event.repeat) session.move(address, session.value(address) === value ? back : value);
  } else if (row.curve === "switch" && (value === undefined || value === null)) {
    if (!event.repeat) session.move(address, session.number(address) ? 0 : 1);
  } else if (!event.repeat) session.move(address, value ?? 1);
  return true;
}

/** @param {Row} row @param {Value} present @param {number} step along its choices where it has some @returns {Value} */
function stepped(row, present, step) {
  if (!row.choices.length) return tidy(row, Number(present) + step);
  const place = row.choices.indexOf(present) + step;
  return row.choices[Math.min(row.choices.length - 1, Math.max(0, place))] ?? present;
}

/** @param {EventTarget | null} target */
function isTyping(target) {
  return target instanceof HTMLInputElement || target instanceof HTMLTextAreaElement || target instanceof HTMLSelectElement;
}
