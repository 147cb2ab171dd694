/** Making elements without markup in strings: nothing that came over the network can become markup. */

/** @typedef {Record<string, any>} Props `on…` is a listener, `class`, `data-…`, `aria-…` and `role` are attributes */

/**
 * @template {string} T
 * @param {T} tag @param {Props} [props] @param {...(Node | string | null)} children
 * @returns {T extends keyof HTMLElementTagNameMap ? HTMLElementTagNameMap[T] : HTMLElement}
 */
export function h(tag, props = {}, ...children) {
  // The compiler does not follow a type that depends on a text.
  return /** @type {any} */ (dressed(document.createElement(tag), props, children));
}

/**
 * The same for SVG.
 * @param {string} tag @param {Props} [props] @param {...(Node | string | null)} children
 */
export function svg(tag, props = {}, ...children) {
  return dressed(document.createElementNS("http://www.w3.org/2000/svg", tag), props, children);
}

/** @template {Element} E @param {E} element @param {Props} props @param {(Node | string | null)[]} children */
function dressed(element, props, children) {
  for (const [name, value] of Object.entries(props)) {
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else if (value === true) element.setAttribute(name, "");
    else if (value !== false && value !== undefined && value !== null) element.setAttribute(name, String(value));
  }
  element.append(...children.filter((child) => child !== null));
  return element;
}

/** Set an attribute where it differs: what is equal costs no style. @param {Element} e @param {string} n @param {string} v */
export function attribute(e, n, v) {
  if (e.getAttribute(n) !== v) e.setAttribute(n, v);
}

/** @param {Node} node @param {string} text */
export function say(node, text) {
  if (node.textContent !== text) node.textContent = text;
}
