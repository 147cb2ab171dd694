// Plays sound that comes over the WebSocket: an AudioWorkletProcessor with a buffer that finds its own length.
//
// The page hands over binary frames of kind 2 (docs/surface-protocol.md) by its port:
//
//   await context.audioWorklet.addModule("sound-worklet.js");
//   const node = new AudioWorkletNode(context, "aijockey-sound", {outputChannelCount: [2]});
//   node.connect(context.destination);
//   node.port.postMessage(frame, [frame]);        // an ArrayBuffer as it came
//   node.port.postMessage({flush: true});         // forget what waits
//   node.port.onmessage = ({data}) => …           // {buffered_ms, target_ms, underruns, lost_frames, beat, level}
//
// The device's clock is not the engine's: sound is read a little faster or slower (at most 0.5 %, by linear interpolation)
// so that the buffer stays at its target, which grows with each underrun and shrinks again when there has been none for long.

const SERVER_RATE_HZ = 48000;
const HEADER_BYTES = 24;
const CAPACITY = 96000; // 2 s
const FIRST_TARGET = 0.06, LEAST_TARGET = 0.04, MOST_TARGET = 0.5; // seconds
const GROW = 1.5, SHRINK = 0.9, CALM_S = 20;
const MOST_BEND = 0.005;
const REPORT_S = 0.25;
const FADE = 64; // samples from sound to silence and back, so that an underrun does not click

class SoundProcessor extends AudioWorkletProcessor {
  constructor() {
    super();
    this.left = new Float32Array(CAPACITY);
    this.right = new Float32Array(CAPACITY);
    this.target = FIRST_TARGET;
    this.underruns = 0;
    this.lost = 0;
    this.calm = 0;
    this.sinceReport = 0;
    this.level = 0;
    this.forget();
    this.port.onmessage = ({data}) => (data instanceof ArrayBuffer ? this.take(data) : data.flush && this.forget());
  }

  forget() {
    this.written = 0; // frames since then, as sample positions of the ring
    this.read = 0; // a fraction
    this.expected = null; // sample position that the next frame should have
    this.offset = 0; // sample position of frame 0
    this.beat = 0;
    this.beatsPerSample = 0;
    this.playing = false;
    this.gain = 0;
  }

  take(buffer) {
    if (buffer.byteLength < HEADER_BYTES) return;
    const view = new DataView(buffer);
    if (view.getUint8(0) !== 2 || view.getUint8(1) !== 1) return;
    const channels = view.getUint16(2, true), frames = view.getUint32(4, true);
    const first = view.getFloat64(8, true), beat = view.getFloat64(16, true);
    if (channels !== 2 || buffer.byteLength < HEADER_BYTES + 4 * frames || frames > CAPACITY / 2) return;
    if (this.expected !== null && first > this.expected) this.lost += first - this.expected;
    if (this.expected !== null && first > this.beatAt) this.beatsPerSample = (beat - this.beat) / (first - this.beatAt);
    this.beat = beat;
    this.beatAt = first;
    this.expected = first + frames;
    const sound = new Int16Array(buffer, HEADER_BYTES, 2 * frames);
    for (let i = 0; i < frames; i++) {
      const at = (this.written + i) % CAPACITY;
      this.left[at] = sound[2 * i] / 32768;
      this.right[at] = sound[2 * i + 1] / 32768;
    }
    this.written += frames;
    this.offset = this.expected - this.written;
    const most = CAPACITY / 2;
    if (this.written - this.read > most) {
      // The page slept: what is old is not played.
      this.lost += Math.floor(this.written - this.read - this.target * SERVER_RATE_HZ);
      this.read = this.written - this.target * SERVER_RATE_HZ;
    }
  }

  process(inputs, outputs) {
    const [left, right] = [outputs[0][0], outputs[0][1] || outputs[0][0]];
    const count = left.length, seconds = count / sampleRate;
    const wanted = this.target * SERVER_RATE_HZ;
    const there = this.written - this.read;
    if (!this.playing && there >= wanted) this.playing = true;
    const bend = Math.max(-MOST_BEND, Math.min(MOST_BEND, (0.02 * (there - wanted)) / wanted));
    const step = (SERVER_RATE_HZ / sampleRate) * (1 + bend);
    let peak = 0, dry = false;
    for (let i = 0; i < count; i++) {
      const left_ = this.written - this.read;
      if (this.playing && left_ < 2) {
        this.playing = false;
        dry = true;
      }
      // Near its end the sound fades, and comes back where it went.
      const open = this.playing && (left_ > FADE + 2 || this.gain < 1) ? 1 : 0;
      const goal = this.playing ? (left_ > FADE + 2 ? 1 : 0) : 0;
      this.gain += Math.max(-1 / FADE, Math.min(1 / FADE, goal - this.gain));
      let a = 0, b = 0;
      if (this.playing || open) {
        const whole = Math.floor(this.read), part = this.read - whole;
        const at = whole % CAPACITY, next = (whole + 1) % CAPACITY;
        a = this.left[at] + part * (this.left[next] - this.left[at]);
        b = this.right[at] + part * (this.right[next] - this.right[at]);
        this.read += step;
      }
      left[i] = this.gain * a;
      right[i] = this.gain * b;
      peak = Math.max(peak, Math.abs(left[i]), Math.abs(right[i]));
    }
    this.level = Math.max(this.level, peak);
    if (dry) {
      this.underruns += 1;
      this.calm = 0;
      this.target = Math.min(MOST_TARGET, GROW * this.target);
    } else if ((this.calm += seconds) > CALM_S) {
      this.calm = 0;
      this.target = Math.max(LEAST_TARGET, SHRINK * this.target);
    }
    if ((this.sinceReport += seconds) >= REPORT_S) this.report();
    return true;
  }

  report() {
    this.sinceReport = 0;
    const sample = this.read + this.offset;
    this.port.postMessage({
      buffered_ms: Math.round((1000 * (this.written - this.read)) / SERVER_RATE_HZ),
      target_ms: Math.round(1000 * this.target),
      underruns: this.underruns,
      lost_frames: Math.round(this.lost),
      beat: this.expected === null ? null : this.beat + (sample - this.beatAt) * this.beatsPerSample,
      level: this.level,
    });
    this.level = 0;
  }
}

registerProcessor("aijockey-sound", SoundProcessor);
