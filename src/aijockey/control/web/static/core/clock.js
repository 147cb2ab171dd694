/** Where the set is, carried on between two things that the engine said, so that a playhead moves evenly. */

const JUMP_BEATS = 0.5;
const PULL = 0.12;

export class Clock {
  constructor() {
    this.tempo = 120;
    this.base = 0;
    this.since = 0;
    this.runs = false;
  }

  /** The engine says where it is. @param {number} beat @param {number} tempo */
  told(beat, tempo) {
    const now = performance.now();
    const error = beat - this.beatAt(now);
    const far = !this.runs || Math.abs(error) > JUMP_BEATS;
    this.base = far ? beat : this.beatAt(now) + PULL * error;
    this.since = now;
    this.tempo = tempo;
    this.runs = true;
  }

  /** @param {number} [now] of `performance.now()` */
  beatAt(now = performance.now()) {
    // Whoever hears nothing for long does not go on by itself.
    const elapsed = Math.min(2000, Math.max(0, now - this.since));
    return this.runs ? this.base + (elapsed * this.tempo) / 60000 : 0;
  }
}
