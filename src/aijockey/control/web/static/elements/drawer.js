/** Everything of one deck, or of all that belongs to none, made from the table; opened by "More". */

import { h } from "../core/dom.js";
import { hueOf } from "../core/colour.js";
import { session } from "../core/session.js";
import { controlFor } from "./any.js";

/** Names of a deck's rows by what they have to do with; what is in no line is under "more". */
/** @type {[title: string, pattern: RegExp][]} */
const GROUPS = [
  ["Voice and loops", /^(voice|play|seed|walk.*|point|loop|queue|enqueue|skip|refresh.*|quantise_beats|ride_beats|crossfade_beats|spread|members|pace.*|shake|deal|breed|more_like_this|member.*)$/],
  ["Moments", /^(moment|store)$/],
  ["Reading the loop", /^(cue|retrigger|loop_beats|halve|double|roll_beats|stutter_beats|shift_sixteenths|reverse|pitch_semitones|in_key)$/],
  ["Level and tone", /^(trim_db|gain_db|low_db|mid_db|high_db|filter|pump|duck_from)$/],
  ["Inserts", /^insert_/],
  ["Place", /^(width|pan|echo_send|room_send|side|mute|solo|solo_safe|headphones)$/],
];
const HIDDEN = /^moment_\d$/;
const MORE = "More";

/** @param {number} deck @param {HTMLElement} opener */
export function openDrawer(deck, opener) {
  const close = h("button", { type: "button", class: "close" }, "Close");
  const dialog = h(
    "dialog",
    { class: "drawer", "aria-label": `deck ${deck}: everything`, "data-hue": hueOf(deck) },
    h("header", {}, h("h2", {}, `Deck ${deck}`), close),
    h("div", { class: "body" }, ...deckSections(deck)),
  );
  close.addEventListener("click", () => dialog.close());
  dialog.addEventListener("click", (event) => event.target === dialog && dialog.close());
  dialog.addEventListener("close", () => {
    dialog.remove();
    opener.focus();
  });
  document.body.append(dialog);
  dialog.showModal();
}

/** @param {number} deck */
function deckSections(deck) {
  /** @type {Map<string, string[]>} */
  const groups = new Map([...GROUPS.map(([title]) => title), MORE].map((title) => [title, []]));
  for (const name of session.table?.deckNames() ?? []) {
    if (HIDDEN.test(name)) continue;
    groups.get(GROUPS.find(([, pattern]) => pattern.test(name))?.[0] ?? MORE)?.push(`deck.${deck}.${name}`);
  }
  const voice = session.instrument.voices.find((one) => one.name === session.value(`deck.${deck}.voice`));
  const controls = (voice?.controls ?? []).map((name) => `deck.${deck}.controls.${name}`);
  return [section("Directions", controls), ...[...groups].map(([title, addresses]) => section(title, addresses))];
}

/** A titled group of controls; nothing for an empty one. @param {string} title @param {string[]} addresses */
export function section(title, addresses) {
  return h(
    "section",
    { hidden: !addresses.length },
    h("h3", {}, title),
    h("div", { class: "all" }, ...addresses.map((address) => controlFor(address))),
  );
}
