/** The layout of the keyboard, shown by `?`, and what hands can do on the page. */

import { h } from "../core/dom.js";
import { session } from "../core/session.js";

const HANDS = [
  ["drag", "moves a fader or knob as far as the finger goes"],
  ["drag, then away from it", "the further away, the finer"],
  ["double tap", "back to where it does nothing"],
  ["hold", "what one finger holds, no other surface moves"],
  ["arrow keys", "move what has the focus; Shift for small steps, Delete for its default"],
];

export function showHelp() {
  if (document.querySelector("dialog.help")) return;
  const close = h("button", { type: "button", class: "close" }, "Close");
  const dialog = h(
    "dialog",
    { class: "help", "aria-label": "help" },
    h("header", {}, h("h2", {}, "Hands and keys"), close),
    h("div", { class: "body" }, table("Hands", HANDS), ...keyTables()),
  );
  close.addEventListener("click", () => dialog.close());
  dialog.addEventListener("click", (event) => event.target === dialog && dialog.close());
  dialog.addEventListener("close", () => dialog.remove());
  document.body.append(dialog);
  dialog.showModal();
}

/** Keys by their groups, as the server tells them. */
export function keyTables() {
  /** @type {Map<string, string[][]>} */
  const groups = new Map();
  for (const { key, meaning, group = "Keys" } of session.keys) {
    const rows = groups.get(group) ?? [];
    const last = rows.at(-1);
    // Keys that follow each other and mean the same are one line.
    if (last?.[1] === meaning) last[0] = `${last[0]?.split(" … ")[0]} … ${key.split(" ").at(-1)}`;
    else rows.push([key, meaning]);
    groups.set(group, rows);
  }
  if (!groups.size) groups.set("Keys", [["?", "this page"]]);
  return [...groups].map(([title, rows]) => table(title, rows));
}

/** @param {string} title @param {string[][]} rows */
function table(title, rows) {
  const lines = rows.map(([key = "", meaning = ""]) => h("tr", {}, h("th", { scope: "row" }, h("kbd", {}, key)), h("td", {}, meaning)));
  return h("table", {}, h("caption", {}, title), h("tbody", {}, ...lines));
}
