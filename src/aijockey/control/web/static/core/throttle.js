/** At most once in a while, the last one always. */

/**
 * @template T
 * @param {number} milliseconds @param {(value: T) => void} act
 * @returns {(value: T) => void}
 */
export function throttled(milliseconds, act) {
  let last = -Infinity;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  let timer;
  /** @type {T} */
  let newest;
  const run = () => {
    timer = undefined;
    last = performance.now();
    act(newest);
  };
  return (value) => {
    newest = value;
    if (timer !== undefined) return;
    const wait = last + milliseconds - performance.now();
    if (wait <= 0) run();
    else timer = setTimeout(run, wait);
  };
}
