/** Points of latent space as texts (`docs/latent.md`): a seed `7`; `7>9@0.5`, half-way from 7 to 9; and so on. */

/** @typedef {{point: string, weight: number}} Weighed */

/** Above 1: how much more a near site weighs than one twice as far. */
const NEARER = 1.25;
/** Of a mixture, what weighs less than this is left out. */
const LEAST = 0.01;

/**
 * A mixture of several points by weight; with one point, that point.
 * @param {Weighed[]} parts
 * @returns {string}
 */
export function mixture(parts) {
  const kept = parts.filter((part) => part.weight >= LEAST);
  const [first, second] = kept;
  if (!first) return parts[0]?.point ?? "0";
  if (!second) return first.point;
  if (kept.length === 2) {
    const amount = second.weight / (first.weight + second.weight);
    return `${bracketed(first.point)}>${bracketed(second.point)}@${rounded(amount)}`;
  }
  return `(${kept.map(({ point, weight }) => `${bracketed(point)}*${rounded(weight)}`).join("+")})`;
}

/** A child of two points: each number of its latent is one of theirs, by the coin of `seed`. @param {string} a @param {string} b @param {number} seed */
export function child(a, b, seed) {
  return `${bracketed(a)}&${bracketed(b)}@${seed}`;
}

/** A place `radians` from a point, toward the noise of `seed`. @param {string} point @param {number} seed @param {number} radians */
export function neighbour(point, seed, radians) {
  return `${bracketed(point)}~${seed}@${rounded(radians)}`;
}

/** @param {number} value */
function rounded(value) {
  return Math.round(1000 * value) / 1000;
}

/** @param {string} point */
function bracketed(point) {
  return /^[0-9]+$|^#[0-9a-f]+$/.test(point) ? point : `(${point})`;
}

/** @typedef {{x: number, y: number}} Place */

/**
 * How much each of several sites weighs at a place: near ones more, the nearest four alone, without a step where
 * one takes another's turn (Shepard's weights, as Franke and Nielson changed them).
 * @param {Place[]} sites
 * @param {Place} at
 * @param {number} [most]
 * @returns {number[]}
 */
export function weights(sites, at, most = 4) {
  const distances = sites.map((site) => Math.hypot(site.x - at.x, site.y - at.y));
  const here = distances.findIndex((distance) => distance < 1e-3);
  if (here >= 0) return distances.map((_, index) => (index === here ? 1 : 0));
  const sorted = [...distances].sort((a, b) => a - b);
  const reach = sorted[most] ?? Infinity;
  const raw = distances.map((distance) =>
    distance >= reach ? 0 : (1 / distance - (reach === Infinity ? 0 : 1 / reach)) ** NEARER,
  );
  const sum = raw.reduce((total, weight) => total + weight, 0) || 1;
  return raw.map((weight) => weight / sum);
}

/**
 * `count` places spread evenly over a square, always the same (the R2 sequence of M. Roberts).
 * @param {number} count
 * @returns {Place[]}
 */
export function spread(count) {
  const golden = 1.32471795724474602596;
  return Array.from({ length: count }, (_, index) => ({
    x: 0.08 + 0.84 * ((0.5 + (index + 1) / golden) % 1),
    y: 0.08 + 0.84 * ((0.5 + (index + 1) / golden ** 2) % 1),
  }));
}

/**
 * What a moment holds: `voice=techno; point=7; controls.swing=0.5`.
 * @param {unknown} text
 * @returns {Record<string, string> | null}
 */
export function moment(text) {
  if (typeof text !== "string" || text === "-" || !text) return null;
  /** @type {Record<string, string>} */
  const values = {};
  for (const part of text.split("; ")) {
    const at = part.indexOf("=");
    if (at > 0) values[decodeURIComponent(part.slice(0, at))] = decodeURIComponent(part.slice(at + 1));
  }
  return values;
}

/** The inverse of `moment`. @param {Record<string, string | number>} values */
export function momentText(values) {
  /** @param {string} text */
  const written = (text) => encodeURIComponent(text).replace(/%(3E|40|23|2F)/g, (one) => decodeURIComponent(one));
  return Object.entries(values)
    .map(([name, value]) => `${name}=${written(String(value))}`)
    .join("; ");
}
