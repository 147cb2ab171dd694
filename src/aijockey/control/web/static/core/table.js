/**
 * The parameter table as it came with the snapshot: rows by address, values as travel of a control and as words.
 */

/** @import { Row, Value } from "./types.js" */

const CONTROLS = "controls.";
// Travel of a fader in dB: most of it where music is. What lies between is straight.
const DECIBEL_STOPS = /** @type {const} */ ([
  [0, -90], [0.06, -60], [0.16, -40], [0.34, -20], [0.54, -10], [0.76, 0], [1, 12],
]);

export class Table {
  /** @param {Row[]} rows */
  constructor(rows) {
    this.rows = rows;
    /** @type {Map<string, Row>} */
    this.byPattern = new Map(rows.map((row) => [row.address, row]));
  }

  /** The row behind an address, or undefined. @param {string} address @returns {Row | undefined} */
  row(address) {
    return this.byPattern.get(address) ?? this.byPattern.get(patternOf(address)) ?? this.#control(address);
  }

  /** Rows of the decks, without the controls of voices, and without `deck.N.`. @returns {string[]} */
  deckNames() {
    return this.rows
      .map((row) => row.address)
      .filter((pattern) => pattern.startsWith("deck.N.") && !/^deck\.N\.controls?(\.|$)/.test(pattern))
      .map((pattern) => pattern.slice("deck.N.".length));
  }

  /** Groups other than the decks, in the table's order, each with its addresses. @returns {Map<string, string[]>} */
  groups() {
    /** @type {Map<string, string[]>} */
    const groups = new Map();
    for (const { address } of this.rows) {
      const group = address.split(".")[0] ?? "";
      if (group !== "deck") groups.set(group, [...(groups.get(group) ?? []), address]);
    }
    return groups;
  }

  /** @param {string} address */
  #control(address) {
    if (!nameOf(address).startsWith(CONTROLS)) return undefined;
    return this.byPattern.get("deck.N.controls.NAME") ?? this.byPattern.get("deck.N.control");
  }
}

/** `deck.3.gain_db` as `deck.N.gain_db`. @param {string} address */
export function patternOf(address) {
  return address.replace(/^deck\.\d+\./, "deck.N.");
}

/** What follows the group or the deck: `gain_db` of `deck.3.gain_db`. @param {string} address */
export function nameOf(address) {
  return address.replace(/^deck\.(\d+|N)\./, "").replace(/^(?!controls\.)[a-z]+\./, "");
}

/** Number of the deck, or 0. @param {string} address */
export function deckOf(address) {
  return Number(/^deck\.(\d+)\./.exec(address)?.[1] ?? 0);
}

/** A few words for people: "gain" of `deck.3.gain_db`. @param {string} address */
export function wordsOf(address) {
  const name = nameOf(address);
  if (name === "refresh_bars") return "refresh every"; // "refresh" is another one
  return name
    .replace(CONTROLS, "")
    .replace(/_(db|beats|bars|bpm|sixteenths|semitones)$/, "")
    .replaceAll("_", " ");
}

/** The same with its deck or group, for those who cannot see where it stands. @param {string} address */
export function labelOf(address) {
  const deck = deckOf(address);
  const group = address.split(".")[0] ?? "";
  const words = wordsOf(address);
  return deck ? `deck ${deck} ${words}` : words.startsWith(group) ? words : `${group} ${words}`;
}

/** Where a value lies on a control's travel, 0 to 1. @param {Row} row @param {number} value */
export function travel(row, value) {
  const { low, high } = row;
  if (high <= low) return 0;
  if (isTapered(row)) return along(DECIBEL_STOPS, 1, 0, value);
  if (row.curve === "octave" && low > 0) return clamp(Math.log(value / low) / Math.log(high / low));
  return clamp((value - low) / (high - low));
}

/** The inverse of `travel`, in steps that a hand can tell apart. @param {Row} row @param {number} at */
export function valueAt(row, at) {
  const { low, high } = row;
  const place = clamp(at);
  let value;
  if (isTapered(row)) value = along(DECIBEL_STOPS, 0, 1, place);
  else if (row.curve === "octave" && low > 0) value = low * (high / low) ** place;
  else value = low + place * (high - low);
  return tidy(row, value);
}

/** `value` within the row's range and in its steps. @param {Row} row @param {number} value */
export function tidy(row, value) {
  const kept = Math.min(row.high, Math.max(row.low, value));
  if (isWhole(row)) return Math.round(kept);
  const step = fineStep(row);
  return Number(Math.min(row.high, Math.max(row.low, Math.round(kept / step) * step)).toFixed(6));
}

/** @param {Row} row */
export function isWhole(row) {
  return row.curve === "step" || row.curve === "switch" || row.curve === "hold";
}

/** What an arrow key moves. @param {Row} row */
export function keyStep(row) {
  if (isWhole(row)) return 1;
  if (row.unit === "dB" || row.unit === "BPM") return row.unit === "dB" ? 1 : 0.5;
  return (row.high - row.low) / 50;
}

/** Where the middle of a control's travel is that it grows from, 0 to 1: a pan's is its centre. @param {Row} row */
export function originOf(row) {
  // An isolator does nothing at 0 dB; a fader or a return does nothing where it is silent.
  if (row.curve === "decibel") return /(low|mid|high)_db$/.test(row.address) ? travel(row, 0) : 0;
  return row.low < 0 && row.high > 0 ? travel(row, 0) : 0;
}

/** A value as words, with its unit. @param {Row} row @param {Value | undefined} value */
export function wordsFor(row, value) {
  if (typeof value !== "number") return value === undefined ? "" : String(value);
  if (row.curve === "switch" || row.curve === "hold") return value ? "on" : "off";
  if (row.unit === "dB") return row.low <= -90 && value <= row.low ? "−∞ dB" : `${signed(value, 1)} dB`;
  if (row.unit === "std") return `${signed(value, 1)}`;
  if (isWhole(row)) return `${minus(value)}${unitOf(row)}`;
  if (row.curve === "choice") return `${fraction(value)}${unitOf(row)}`;
  if (row.unit === "BPM") return `${value.toFixed(1)} BPM`;
  if (row.unit === "%") return `${signed(value, 1)} %`;
  if (!row.unit && row.low === 0 && row.high === 1) return `${Math.round(100 * value)} %`;
  if (!row.unit && row.low === -1 && row.high === 1) return signed(100 * value, 0);
  return `${minus(Number(value.toFixed(2)))}${unitOf(row)}`;
}

/** 0.25 as ¼, as musicians write it. @param {number} value */
export function fraction(value) {
  /** @type {Record<string, string>} */
  const written = { 0.125: "⅛", 0.25: "¼", 0.5: "½", 0.75: "¾" };
  return written[value] ?? minus(value);
}

/** @param {Row} row */
function unitOf(row) {
  return row.unit ? ` ${row.unit}` : "";
}

/** @param {Row} row */
function isTapered(row) {
  return row.curve === "decibel" && row.low === -90 && row.high === 12;
}

/** @param {Row} row */
function fineStep(row) {
  return row.unit === "dB" || row.unit === "BPM" || row.unit === "%" ? 0.1 : (row.high - row.low) / 1000;
}

/** @param {number} value @param {number} places */
function signed(value, places) {
  const text = minus(Number(value.toFixed(places)), places);
  return value > 0 && Number(value.toFixed(places)) > 0 ? `+${text}` : text;
}

/** @param {number} value @param {number} [places] */
function minus(value, places) {
  return (places === undefined ? String(value) : (value || 0).toFixed(places)).replace("-", "−");
}

/** @param {number} value */
export function clamp(value) {
  return Math.min(1, Math.max(0, value));
}

/** @param {readonly (readonly [number, number])[]} stops @param {0 | 1} from @param {0 | 1} to @param {number} value */
function along(stops, from, to, value) {
  let before = stops[0];
  for (const stop of stops) {
    if (before && value <= stop[from]) {
      const width = stop[from] - before[from];
      const share = width ? clamp((value - before[from]) / width) : 0;
      return before[to] + share * (stop[to] - before[to]);
    }
    before = stop;
  }
  return before ? before[to] : 0;
}
