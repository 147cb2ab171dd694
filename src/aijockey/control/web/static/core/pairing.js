/** Pairing with a server on the network: a token is posted once, and a cookie that no script can read comes back. */

/** The token of a QR code's link leaves the address bar at once. @returns {Promise<string>} what went wrong, or "" */
export async function pairByLink() {
  const token = new URLSearchParams(location.hash.slice(1)).get("pair");
  if (!token) return "";
  history.replaceState(null, "", location.pathname);
  return pair(token);
}

/** @param {string} token @returns {Promise<string>} what went wrong, or "" */
export async function pair(token) {
  const answer = await fetch("/pair", {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify({ token }),
  }).catch(() => null);
  if (answer?.ok) return "";
  if (!answer) return "the server does not answer";
  return answer.status === 429 ? "too many tries: wait a minute" : "this code is not valid any more";
}
