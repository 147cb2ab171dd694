/**
 * A finger on an element, each on its own: whichever came first has the element until it leaves. Movements are told
 * as they are since the last one, finer the further the finger is from the element across its travel.
 */

const DOUBLE_TAP_MS = 320;
const TAP_PX = 8;
const FINE_FROM_PX = 56;
const FINEST = 0.05;

/**
 * @typedef {object} Finger
 * @property {number} x where it is, in pixels from the element's left
 * @property {number} y from its top
 * @property {number} dx since the last time
 * @property {number} dy
 * @property {number} fine 1, or less where it is far away or Shift is down
 * @property {number} width of the element
 * @property {number} height
 */

/**
 * @typedef {object} Hands
 * @property {(finger: Finger) => boolean | void} [start] false leaves the finger alone
 * @property {(finger: Finger) => void} [move]
 * @property {(finger: Finger) => void} [end] it left, however
 * @property {(finger: Finger) => void} [tap] it left where it came
 * @property {() => void} [doubleTap]
 * @property {"x" | "y" | ""} [travel] which way it moves the value; the other way is fine
 */

/** @param {HTMLElement} element @param {Hands} hands */
export function touchable(element, hands) {
  let pointer = -1;
  /** @type {DOMRect} */
  let box;
  let [lastX, lastY, firstX, firstY, tapped] = [0, 0, 0, 0, -Infinity];
  let wandered = false;

  /** @param {PointerEvent} event @returns {Finger} */
  const finger = (event) => {
    const [x, y] = [event.clientX - box.left, event.clientY - box.top];
    const told = { x, y, dx: x - lastX, dy: y - lastY, fine: fineness(event, x, y), width: box.width, height: box.height };
    [lastX, lastY] = [x, y];
    return told;
  };

  /** @param {PointerEvent} event @param {number} x @param {number} y */
  const fineness = (event, x, y) => {
    if (event.shiftKey) return 0.1;
    if (!hands.travel) return 1;
    const [at, size] = hands.travel === "y" ? [x, box.width] : [y, box.height];
    const away = Math.max(-at, at - size, 0);
    return away <= FINE_FROM_PX ? 1 : Math.max(FINEST, (FINE_FROM_PX / away) ** 1.5);
  };

  element.addEventListener("pointerdown", (event) => {
    if (pointer !== -1 || event.button > 0) return;
    box = element.getBoundingClientRect();
    [lastX, lastY] = [event.clientX - box.left, event.clientY - box.top];
    [firstX, firstY, wandered] = [lastX, lastY, false];
    if (hands.start?.(finger(event)) === false) return;
    pointer = event.pointerId;
    element.setPointerCapture(pointer);
  });
  element.addEventListener("pointermove", (event) => {
    if (event.pointerId !== pointer) return;
    const told = finger(event);
    wandered ||= Math.hypot(told.x - firstX, told.y - firstY) > TAP_PX;
    hands.move?.(told);
  });
  /** @param {PointerEvent} event */
  const leave = (event) => {
    if (event.pointerId !== pointer) return;
    pointer = -1;
    const told = finger(event);
    hands.end?.(told);
    if (wandered || event.type === "pointercancel") return;
    hands.tap?.(told);
    const now = performance.now();
    if (now - tapped < DOUBLE_TAP_MS) hands.doubleTap?.();
    tapped = now - tapped < DOUBLE_TAP_MS ? -Infinity : now;
  };
  element.addEventListener("pointerup", leave);
  element.addEventListener("pointercancel", leave);
  element.addEventListener("lostpointercapture", leave);
  element.addEventListener("contextmenu", (event) => event.preventDefault());
}
