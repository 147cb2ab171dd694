/** A tablet on the stage does not go to sleep while the page is in sight, where the browser lets a page ask for that. */

async function stayAwake() {
  if (document.visibilityState !== "visible") return;
  // Refused on a network without https, or with a low battery: then the tablet's own settings count.
  await navigator.wakeLock?.request("screen").catch(() => {});
}

export function keepAwake() {
  document.addEventListener("visibilitychange", stayAwake);
  stayAwake();
}
