/** Colours of the style sheet for canvases, which know nothing of it. */

/** @typedef {[number, number, number]} Rgb */

/** Decks that have a colour of their own; further ones begin again, and their number tells them apart. */
export const HUES = 8;

/** @param {number} deck from 1 @returns {number} 1 to HUES */
export function hueOf(deck) {
  return ((deck - 1) % HUES) + 1;
}

/**
 * A custom property of the style sheet such as `--deck-3`, as `rgb(…)`, in the theme that is on.
 * @param {string} name @param {Element} [where] @returns {string}
 */
export function colour(name, where = document.body) {
  const probe = document.createElement("i");
  probe.hidden = true;
  probe.style.color = `var(${name})`;
  where.append(probe);
  const { color } = getComputedStyle(probe);
  probe.remove();
  return color;
}

/** @param {string} text `rgb(…)` @returns {Rgb} */
export function rgb(text) {
  const [red = 0, green = 0, blue = 0] = (text.match(/[\d.]+/g) ?? []).map(Number);
  return [red, green, blue];
}

/** Hear that the theme changed. @param {() => void} listener @returns {() => void} */
export function onTheme(listener) {
  const light = matchMedia("(prefers-color-scheme: light)");
  const watcher = new MutationObserver(listener);
  watcher.observe(document.documentElement, { attributeFilter: ["data-theme"] });
  light.addEventListener("change", listener);
  return () => {
    watcher.disconnect();
    light.removeEventListener("change", listener);
  };
}
