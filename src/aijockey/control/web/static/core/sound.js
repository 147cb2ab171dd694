/**
 * Master or headphones in this browser: frames of the server go to an AudioWorklet, `sound-worklet.js`, which keeps a
 * buffer and says how that is.
 */

import { session } from "./session.js";

const RATE_HZ = 48000;

/**
 * @typedef {object} Figures what the worklet says of itself
 * @property {number} buffered_ms
 * @property {number} underruns
 * @property {number} lost_frames
 * @property {number} level the loudest sample since the last time
 */

class Sound extends EventTarget {
  /** @type {AudioContext | null} */
  #context = null;
  /** @type {AudioWorkletNode | null} */
  #node = null;
  /** What is heard: "off", "master" or "cue". */
  which = "off";
  /** @type {Figures} */
  figures = { buffered_ms: 0, underruns: 0, lost_frames: 0, level: 0 };

  /** Needs a touch or a key before it: browsers let nothing sound by itself. @param {string} which */
  async play(which) {
    try {
      const context = this.#context ?? new AudioContext({ sampleRate: RATE_HZ, latencyHint: "interactive" });
      this.#context = context;
      await context.resume();
      if (!this.#node) this.#node = await this.#build(context);
    } catch (error) {
      session.note(`this browser plays no sound: ${error instanceof Error ? error.message : error}`);
      return;
    }
    session.sound = (frame) => this.#node?.port.postMessage(frame, [frame]);
    session.hear(which);
    this.#become(which);
  }

  async stop() {
    session.hear("off");
    session.sound = null;
    this.#node?.port.postMessage({ flush: true });
    this.#become("off");
    await this.#context?.suspend();
  }

  /** @param {AudioContext} context */
  async #build(context) {
    if (!context.audioWorklet) throw new Error("it needs a loopback address or https");
    await context.audioWorklet.addModule("/sound-worklet.js");
    const node = new AudioWorkletNode(context, "aijockey-sound", { numberOfInputs: 0, outputChannelCount: [2] });
    node.port.onmessage = ({ data }) => {
      this.figures = { ...this.figures, ...data };
      this.dispatchEvent(new Event("figures"));
    };
    node.connect(context.destination);
    return node;
  }

  /** @param {string} which */
  #become(which) {
    this.which = which;
    this.dispatchEvent(new Event("figures"));
  }
}

export const sound = new Sound();
