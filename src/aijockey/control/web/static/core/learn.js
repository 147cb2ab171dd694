/**
 * MIDI learn by touching: after `learn()` the next control that is touched on the page is the one that the next control
 * that moves on a controller will move. Views can be changed meanwhile.
 */

import { h, say } from "./dom.js";
import { session } from "./session.js";

const MIDI = "midi";

/** @type {HTMLElement | null} */
let banner = null;
let swallow = false;

/** What the MIDI surface says of itself; null where there is none. @returns {Record<string, any> | null} */
export function midi() {
  return session.state["services"]?.[MIDI] ?? null;
}

export function learn() {
  if (banner) return;
  const words = h("p", { role: "status" }, "Touch what a controller is to move");
  const cancel = h("button", { type: "button", onclick: () => end(true) }, "Cancel");
  banner = h("div", { class: "learn" }, words, cancel);
  document.body.append(banner);
  document.body.dataset["learn"] = "";
}

/** @param {boolean} cancelled */
function end(cancelled) {
  banner?.remove();
  banner = null;
  delete document.body.dataset["learn"];
  if (cancelled) ask({ cancel: true });
}

/** @param {object} command */
function ask(command) {
  return session.command("service", { service: MIDI, command }).catch(() => {});
}

/** @param {string} address */
function choose(address) {
  ask({ learn: address });
  if (banner?.firstChild) say(banner.firstChild, `Move a control for ${address}`);
  const wait = session.on("state", () => {
    const told = midi();
    if (banner && told?.["learning"]) return;
    if (told?.["learned"]) session.note(String(told["learned"]));
    if (!banner || told?.["learned"]) {
      wait();
      end(false);
    }
  });
}

// Before anything else hears of it: what is touched now is chosen, not moved.
document.addEventListener(
  "pointerdown",
  (event) => {
    const control = banner && event.target instanceof Element ? event.target.closest("[address]") : null;
    if (!control) return;
    swallow = true;
    event.stopPropagation();
    event.preventDefault();
    choose(control.getAttribute("address") ?? "");
  },
  { capture: true },
);
document.addEventListener(
  "click",
  (event) => {
    if (swallow) {
      event.stopPropagation();
      event.preventDefault();
    }
    swallow = false;
  },
  { capture: true },
);
