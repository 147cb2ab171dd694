/**
 * The WebSocket, for good: connects, comes back after sleep and restarts, later each time, and notices when it hears
 * nothing any more. What is said it hands on as it came; `Session` knows what it means.
 */

const BACKOFF_MS = [250, 500, 1000, 2000, 4000];
const PING_MS = 2000;
const SILENT_MS = 6000;

/**
 * @typedef {object} Listener
 * @property {() => void} opened
 * @property {(message: any) => void} told
 * @property {(frame: ArrayBuffer) => void} framed
 * @property {(waiting: boolean) => void} closed
 */

export class Connection {
  /** @param {Listener} listener */
  constructor(listener) {
    this.listener = listener;
    /** @type {WebSocket | null} */
    this.socket = null;
    this.attempt = 0;
    this.heard = 0;
    /** @type {ReturnType<typeof setTimeout> | undefined} */
    this.timer = undefined;
    this.latency = 0;
    setInterval(() => this.#watch(), PING_MS);
    // A tablet that wakes up, or finds its network again, does not wait for a timer.
    addEventListener("online", () => this.open());
    document.addEventListener("visibilitychange", () => {
      if (document.visibilityState === "visible") this.#wake();
    });
  }

  get isOpen() {
    return this.socket?.readyState === WebSocket.OPEN;
  }

  /** Connect now, if it is not connected. */
  open() {
    if (this.socket && this.socket.readyState <= WebSocket.OPEN) return;
    clearTimeout(this.timer);
    const scheme = location.protocol === "https:" ? "wss:" : "ws:";
    const socket = new WebSocket(`${scheme}//${location.host}/ws`);
    socket.binaryType = "arraybuffer";
    this.socket = socket;
    socket.onopen = () => {
      this.heard = performance.now();
      this.listener.opened();
    };
    socket.onmessage = ({ data }) => {
      if (socket !== this.socket) return;
      this.heard = performance.now();
      if (typeof data !== "string") this.listener.framed(data);
      else this.#hear(data);
    };
    socket.onclose = () => {
      if (socket !== this.socket) return;
      this.socket = null;
      this.#again();
    };
  }

  /** @param {object} message @returns {boolean} whether it could be sent */
  send(message) {
    if (!this.isOpen) return false;
    this.socket?.send(JSON.stringify(message));
    return true;
  }

  /** It works: the next failure waits shortly again. */
  settled() {
    this.attempt = 0;
  }

  /** @param {string} text */
  #hear(text) {
    const message = JSON.parse(text);
    if ("pong" in message) this.latency = performance.now() - message.pong;
    else this.listener.told(message);
  }

  #again() {
    const wait = BACKOFF_MS[Math.min(this.attempt, BACKOFF_MS.length - 1)] ?? 4000;
    this.attempt += 1;
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.open(), wait * (0.8 + 0.4 * Math.random()));
    this.listener.closed(true);
  }

  #watch() {
    if (!this.isOpen) return;
    if (performance.now() - this.heard > SILENT_MS) this.#drop();
    else this.send({ ping: performance.now() });
  }

  #wake() {
    this.attempt = 0;
    if (!this.isOpen) this.open();
    else this.send({ resync: true });
  }

  /** A socket that says nothing may take minutes to notice; it is left behind. */
  #drop() {
    const socket = this.socket;
    this.socket = null;
    socket?.close();
    this.#again();
  }
}
