/**
 * What the page knows of the set that plays: table, values, state, who holds what. Every element reads and moves it
 * here and nowhere else. There is one, `session`.
 */

import { Clock } from "./clock.js";
import { Connection } from "./connection.js";
import { decodeFrame, decodePicture } from "./decode.js";
import { pairByLink } from "./pairing.js";
import { Table } from "./table.js";

/** @import { Event as Moved, Instrument, Key, Picture, Snapshot, State, Value } from "./types.js" */

/** @typedef {() => void} End */
/** @typedef {"off" | "waiting" | "on" | "unpaired"} Link */

const HOLD_AGAIN_MS = 2000;
const MOST_EVENTS = 600;
const MOST_LOOPS = 200;
// Moves of a parameter so close together are one and the same.
const SAME_BEATS = 1.5;
const METERS_HZ = 30;
const STATE_HZ = 10;

export class Session extends EventTarget {
  constructor() {
    super();
    /** @type {Table | null} */
    this.table = null;
    /** @type {Instrument} */
    this.instrument = { title: "", decks: 0, voices: [], pack: "" };
    /** @type {State} */
    this.state = {};
    /** @type {Key[]} */
    this.keys = [];
    /** @type {string[]} */
    this.sounds = [];
    this.client = "";
    this.clock = new Clock();
    /** Master, then decks: peak left, peak right, RMS and loudness of each. */
    this.meters = /** @type {Float32Array} */ (new Float32Array(0));
    this.limiter = 0;
    /** @type {Moved[]} newest last */
    this.events = [];
    /** @type {{beat: number, deck: number, point: string}[]} loops that entered, newest last */
    this.loops = [];
    /** @type {Link} */
    this.link = "off";
    /** @type {((frame: ArrayBuffer) => void) | null} */
    this.sound = null;
    /** @type {string} */
    this.wantedSound = "off";
    /** The deck that keys without a deck of their own move; 0 until keys are used. */
    this.inHand = 0;

    /** @type {Map<string, Value>} as shown here */
    this.#values = new Map();
    /** @type {Map<string, Value>} as the server said */
    this.#told = new Map();
    /** @type {Map<string, string>} */
    this.#holders = new Map();
    /** @type {Map<string, number>} what fingers on this page hold, and the timers that keep it */
    this.#held = new Map();
    /** @type {Map<string, Set<(value: Value | undefined) => void>>} */
    this.#watchers = new Map();
    /** @type {Map<number, {done: (value: any) => void, failed: (reason: Error) => void, address?: string}>} */
    this.#asked = new Map();
    /** @type {Map<string, {value: Value, over: number}>} */
    this.#unsent = new Map();
    this.#seq = -1;
    this.#ids = 0;
    this.#flushing = false;
    this.connection = new Connection({
      opened: () => this.connection.send({ hello: 1, name: "page" }),
      told: (message) => this.#hear(message),
      framed: (frame) => this.#frame(frame),
      closed: () => this.#closed(),
    });
  }

  #values;
  #told;
  #holders;
  #held;
  #watchers;
  #asked;
  #unsent;
  #seq;
  #ids;
  #flushing;

  /** Pair if the link said so, and connect. */
  async open() {
    const trouble = await pairByLink();
    if (trouble) this.note(trouble);
    this.connection.open();
  }

  /** @param {string} address */
  row(address) {
    return this.table?.row(address);
  }

  /** @param {string} address */
  value(address) {
    return this.#values.get(address);
  }

  /** @param {string} address */
  number(address) {
    const value = this.#values.get(address);
    return typeof value === "number" ? value : 0;
  }

  /** Name of another surface that holds a parameter, or "". @param {string} address */
  holder(address) {
    const holder = this.#holders.get(address) ?? "";
    return holder === this.client ? "" : holder;
  }

  /** What a deck shows of itself; empty before the first state. @param {number} deck from 1 @returns {State} */
  deck(deck) {
    return this.state["decks"]?.[deck - 1] ?? {};
  }

  /**
   * Hear of a parameter: at once, at each change, and when somebody takes or leaves it.
   * @param {string} address @param {(value: Value | undefined) => void} listener @returns {End}
   */
  watch(address, listener) {
    const listeners = this.#watchers.get(address) ?? new Set();
    this.#watchers.set(address, listeners.add(listener));
    listener(this.#values.get(address));
    return () => {
      listeners.delete(listener);
      if (!listeners.size) this.#watchers.delete(address);
    };
  }

  /** Hear of events of the session itself: "state", "link", "snapshot", "moved", "note". @param {string} name @param {() => void} listener @returns {End} */
  on(name, listener) {
    this.addEventListener(name, listener);
    return () => this.removeEventListener(name, listener);
  }

  /**
   * Move a parameter. Shown at once; what is sent is the newest value of each parameter, once a frame.
   * @param {string} address @param {Value} value @param {number} [over] beats
   */
  move(address, value, over = 0) {
    if (this.holder(address)) return;
    const row = this.row(address);
    if (row?.gesture || row?.curve === "trigger") {
      this.#ask({ set: address, to: value }, address).catch(() => {});
      return;
    }
    this.#values.set(address, value);
    this.#tell(address);
    this.#unsent.set(address, { value, over });
    if (!this.#flushing) {
      this.#flushing = true;
      requestAnimationFrame(() => this.#flush());
    }
  }

  /** A finger is on a parameter: nobody else moves it until `release`. @param {string} address */
  hold(address) {
    if (this.#held.has(address) || !this.row(address)) return;
    const keep = () => this.connection.send({ hold: address });
    keep();
    this.#held.set(address, window.setInterval(keep, HOLD_AGAIN_MS));
  }

  /** @param {string} address */
  release(address) {
    window.clearInterval(this.#held.get(address));
    if (this.#held.delete(address)) {
      this.#flush();
      this.connection.send({ release: address });
    }
  }

  /** @param {string} what @param {object} [more] @returns {Promise<any>} */
  command(what, more = {}) {
    return this.#ask({ do: what, ...more });
  }

  /** @param {string} what @param {object} [more] @returns {Promise<any>} */
  get(what, more = {}) {
    return this.#ask({ get: what, ...more });
  }

  /** The picture of a deck's loop. @param {number} deck @param {"present" | "next"} which @returns {Promise<Picture | null>} */
  async picture(deck, which) {
    const told = await this.get("loop", { deck, which });
    return told && decodePicture(told);
  }

  /** Hear master or cue in this page. @param {string} which */
  hear(which) {
    this.wantedSound = which;
    this.connection.send({ watch: { sound: which } });
  }

  /** Take a deck in hand; beyond the last comes the first. @param {number} deck */
  take(deck) {
    const decks = this.instrument.decks || 1;
    this.inHand = ((deck - 1 + decks) % decks) + 1;
    this.dispatchEvent(new Event("state"));
  }

  /** Say something to whoever plays. @param {string} text */
  note(text) {
    this.dispatchEvent(new CustomEvent("note", { detail: text }));
  }

  #flush() {
    this.#flushing = false;
    for (const [address, { value, over }] of this.#unsent) {
      const move = over ? { set: address, to: value, over } : { set: address, to: value };
      // While a finger moves nobody waits for an answer; the last one is asked for, so that a refusal can be shown.
      if (this.#held.has(address)) this.connection.send(move);
      else this.#ask(move, address).catch(() => {});
    }
    this.#unsent.clear();
  }

  /** @param {object} message @param {string} [address] whose value goes back if it is refused @returns {Promise<any>} */
  #ask(message, address) {
    const id = ++this.#ids;
    return new Promise((done, failed) => {
      if (!this.connection.send({ ...message, id })) {
        failed(new Error("not connected"));
        return;
      }
      this.#asked.set(id, address === undefined ? { done, failed } : { done, failed, address });
    });
  }

  /** @param {any} message */
  #hear(message) {
    if (message.snapshot) this.#begin(message.snapshot);
    if (message.changes) this.#change(message.seq, message.changes);
    if (message.held) this.#hold(message.held);
    if (message.state) this.#look(message.state);
    if (message.event) this.note(message.event);
    if ("id" in message) this.#answer(message);
    else if (message.error) this.note(message.error);
  }

  /** @param {Snapshot & {sounds?: string[]}} snapshot */
  #begin(snapshot) {
    const layout = JSON.stringify([snapshot.instrument, snapshot.parameters.map((row) => row.address)]);
    const changed = layout !== this.#layout;
    this.#layout = layout;
    this.table = new Table(snapshot.parameters);
    this.instrument = snapshot.instrument;
    this.keys = snapshot.keys ?? [];
    this.sounds = snapshot.sounds ?? [];
    this.client = snapshot.client;
    this.#seq = snapshot.seq;
    this.#holders = new Map(Object.entries(snapshot.held ?? {}));
    this.#told = new Map(Object.entries(snapshot.values));
    const old = this.#values;
    this.#values = new Map(this.#told);
    // What a finger is on stays where the finger is.
    for (const address of this.#held.keys()) {
      const value = old.get(address);
      if (value !== undefined) this.#values.set(address, value);
      this.connection.send({ hold: address });
    }
    this.connection.settled();
    this.connection.send({ watch: { meters: METERS_HZ, state: STATE_HZ, sound: this.wantedSound } });
    this.#look(snapshot.state);
    this.#become("on");
    this.#recall();
    if (changed) this.dispatchEvent(new Event("snapshot"));
    for (const address of this.#watchers.keys()) this.#tell(address);
  }

  #layout = "";

  /** @param {number} seq @param {Record<string, [Value, string]>} changes */
  #change(seq, changes) {
    if (seq !== this.#seq + 1) this.connection.send({ resync: true });
    this.#seq = seq;
    for (const [address, [value, source]] of Object.entries(changes)) {
      const gesture = this.row(address)?.gesture;
      this.#remember(address, value, source);
      if (gesture) continue;
      this.#told.set(address, value);
      if (source !== this.client && !this.#held.has(address)) {
        this.#values.set(address, value);
        this.#tell(address);
      }
    }
    this.dispatchEvent(new Event("moved"));
  }

  /** What happened before this page came, or while it was asleep. What it saw itself it knows better: whose it was. */
  async #recall() {
    /** @type {{events: [number, string, Value, string][], loops: [number, number, string][]}} */
    const told = await this.get("history").catch(() => ({ events: [], loops: [] }));
    const seen = (/** @type {number} */ beat, /** @type {string} */ address) =>
      this.events.some((event) => event.address === address && Math.abs(event.beat - beat) < SAME_BEATS);
    const missed = told.events.filter(([beat, address]) => !seen(beat, address)).map(([beat, address, value, source]) => ({ beat, address, value, source }));
    this.events = [...this.events, ...missed].sort((one, other) => one.beat - other.beat).slice(-MOST_EVENTS);
    this.loops = told.loops.map(([beat, deck, point]) => ({ beat, deck, point }));
    this.dispatchEvent(new Event("moved"));
  }

  /** @param {string} address @param {Value} value @param {string} source */
  #remember(address, value, source) {
    const beat = this.clock.beatAt();
    const last = this.events.findLast((event) => event.address === address);
    const apart = last ? beat - last.beat : Infinity;
    // What was told ahead comes about.
    if (last?.source === "set" && source === "engine" && Math.abs(apart) < SAME_BEATS) return;
    // A ride of a fader is one event that ends where it ends.
    if (last && last.source === source && apart < 1 && apart >= 0) last.value = value;
    else this.#insert({ beat, address, value, source });
    if (this.events.length > MOST_EVENTS) this.events.splice(0, this.events.length - MOST_EVENTS);
  }

  /** At its place: what is to come stands behind it. @param {Moved} event */
  #insert(event) {
    let place = this.events.length;
    while (place && (this.events[place - 1]?.beat ?? 0) > event.beat) place -= 1;
    this.events.splice(place, 0, event);
  }

  /** @param {Record<string, string | null>} held */
  #hold(held) {
    for (const [address, source] of Object.entries(held)) {
      if (source) this.#holders.set(address, source);
      else this.#holders.delete(address);
      this.#tell(address);
    }
  }

  /** @param {State} state */
  #look(state) {
    const before = this.state["decks"];
    Object.assign(this.state, state);
    if (before && this.clock.runs) this.#enter(before, this.state["decks"] ?? []);
    if (typeof state["beat"] === "number" && !this.meters.length) {
      this.clock.told(state["beat"], this.state["tempo_bpm"] ?? 120);
    }
    this.dispatchEvent(new Event("state"));
  }

  /** Loops that a state shows and the one before it did not. @param {State[]} before @param {State[]} decks */
  #enter(before, decks) {
    decks.forEach((deck, index) => {
      const loop = deck["loop"];
      if (loop && loop !== before[index]?.["loop"]) this.loops.push({ beat: this.clock.beatAt(), deck: index + 1, point: loop });
    });
    if (this.loops.length > MOST_LOOPS) this.loops.splice(0, this.loops.length - MOST_LOOPS);
  }

  /** @param {{id: number, ok?: any, error?: string}} message */
  #answer(message) {
    const asked = this.#asked.get(message.id);
    this.#asked.delete(message.id);
    if (message.error === undefined) {
      asked?.done(message.ok);
      return;
    }
    this.note(message.error);
    asked?.failed(new Error(message.error));
    const address = asked?.address;
    const told = address === undefined ? undefined : this.#told.get(address);
    if (address !== undefined && told !== undefined) {
      this.#values.set(address, told);
      this.#tell(address);
    }
  }

  /** @param {ArrayBuffer} buffer */
  #frame(buffer) {
    const frame = decodeFrame(buffer);
    if (frame.kind === "sound") this.sound?.(buffer);
    if (frame.kind !== "meters") return;
    this.meters = frame.levels;
    this.limiter = frame.limiter;
    this.clock.told(frame.beat, frame.tempo);
  }

  /** @param {string} address */
  #tell(address) {
    const value = this.#values.get(address);
    for (const listener of this.#watchers.get(address) ?? []) listener(value);
  }

  #closed() {
    for (const { failed } of this.#asked.values()) failed(new Error("the connection ended"));
    this.#asked.clear();
    this.#holders.clear();
    this.#become("waiting");
    // Whoever is refused is told no reason by the browser; the server says it here.
    fetch("/session")
      .then((answer) => answer.json())
      .then(({ paired }) => paired === false && this.#become("unpaired"))
      .catch(() => {});
  }

  /** @param {Link} link */
  #become(link) {
    if (this.link === link) return;
    this.link = link;
    this.dispatchEvent(new Event("link"));
  }
}

export const session = new Session();
