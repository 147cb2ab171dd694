/**
 * One loop of animation frames for all: who changed is drawn once a frame, who moves by itself is called each frame.
 */

/** @typedef {{draw(): void}} Drawn */

/** @type {Set<Drawn>} */
const dirty = new Set();
/** @type {Set<(now: number) => void>} */
const moving = new Set();
let asked = false;

/** Draw `element` in the next frame, once. @param {Drawn} element */
export function redraw(element) {
  dirty.add(element);
  ask();
}

/**
 * Call `step` each frame; what is returned ends it.
 * @param {(now: number) => void} step
 * @returns {() => void}
 */
export function everyFrame(step) {
  moving.add(step);
  ask();
  return () => {
    moving.delete(step);
  };
}

function ask() {
  if (!asked) {
    asked = true;
    requestAnimationFrame(turn);
  }
}

/** @param {number} now */
function turn(now) {
  asked = false;
  const drawn = [...dirty];
  dirty.clear();
  for (const element of drawn) element.draw();
  for (const step of moving) step(now);
  if (moving.size || dirty.size) ask();
}
