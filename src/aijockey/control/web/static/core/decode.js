/** Binary frames and pictures as `docs/surface-protocol.md` lays them out. */

/** @import { Picture } from "./types.js" */

const VERSION = 1;
const METERS = 1;
const SOUND = 2;
const HEADER_BYTES = 32;
/** Values of a channel in a frame of meters: peak left, peak right, RMS, loudness. */
export const METER_WORDS = 4;

/**
 * @typedef {{kind: "meters", beat: number, tempo: number, limiter: number, levels: Float32Array}} MeterFrame
 * @typedef {{kind: "sound" | "other"}} OtherFrame
 */

/** @param {ArrayBuffer} buffer @returns {MeterFrame | OtherFrame} */
export function decodeFrame(buffer) {
  const view = new DataView(buffer);
  const kind = view.getUint8(1) === VERSION ? view.getUint8(0) : 0;
  if (kind === SOUND) return { kind: "sound" };
  if (kind !== METERS) return { kind: "other" };
  const levels = new Float32Array(METER_WORDS * (view.getUint16(2, true) + 1));
  for (let word = 0; word < levels.length; word += 1) levels[word] = view.getFloat32(HEADER_BYTES + 4 * word, true);
  return {
    kind: "meters",
    beat: view.getFloat64(8, true),
    tempo: view.getFloat32(24, true),
    limiter: view.getFloat32(28, true),
    levels,
  };
}

/** @param {any} told @returns {Picture} */
export function decodePicture(told) {
  const signed = (/** @type {string} */ text) => Array.from(new Int8Array(bytes(text).buffer), (n) => n / 127);
  return {
    key: told.picture,
    beats: told.beats,
    low: signed(told.low),
    high: signed(told.high),
    bands: told.bands,
    frames: told.frames,
    mel: bytes(told.mel),
  };
}

/** @param {string} text base64 */
function bytes(text) {
  return Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
}
