/**
 * What travels between page and control process, as `docs/surface-protocol.md` states it. Types alone.
 *
 * @typedef {number | string} Value
 *
 * @typedef {object} Row one row of the parameter table
 * @property {string} address with `N` for the number of a deck, `NAME` for a control of a voice
 * @property {string} unit
 * @property {number} low
 * @property {number} high
 * @property {Value} default
 * @property {string} curve linear, decibel, octave, step, switch, hold, trigger, choice, name or text
 * @property {string} summary
 * @property {Value[]} choices
 * @property {boolean} planned it acts at the deck's next grid line
 * @property {boolean} read
 * @property {boolean} gesture it has no value of its own
 *
 * @typedef {object} Voice
 * @property {string} name
 * @property {boolean} tonal
 * @property {string[]} controls
 *
 * @typedef {object} Instrument
 * @property {string} title
 * @property {number} decks
 * @property {Voice[]} voices
 * @property {string} pack
 *
 * @typedef {object} Key one key of the layout
 * @property {string} key
 * @property {string} meaning
 * @property {string} [address]
 * @property {string} [action]
 * @property {Value} [value]
 * @property {number} [step]
 * @property {Value} [back] sent instead of `value` where that is there already
 * @property {string} [group]
 *
 * @typedef {Record<string, any>} State what the engine and the supervisor show; only some keys are sure
 *
 * @typedef {object} Snapshot
 * @property {number} seq
 * @property {number} protocol
 * @property {string} client
 * @property {Instrument} instrument
 * @property {Row[]} parameters
 * @property {Record<string, Value>} values
 * @property {State} state
 * @property {Record<string, string>} [held]
 * @property {Key[]} [keys]
 *
 * @typedef {object} Event something that was moved, as the timeline shows it
 * @property {number} beat
 * @property {string} address
 * @property {Value} value
 * @property {string} source
 *
 * @typedef {object} Picture a loop to look at
 * @property {string} key
 * @property {number} beats
 * @property {number[]} low smallest sample of each slice, -1 to 1
 * @property {number[]} high greatest
 * @property {number} bands
 * @property {number} frames
 * @property {Uint8Array} mel bands x frames, lowest band first, 0 to 255
 */

export {};
