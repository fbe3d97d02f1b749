// The server's time as the page knows it. Every message says what `now` was when it was made. Pure but for the clock it is given.

const KEPT = 16;

/**
 * Reckons the server's time from messages. A message is always late, never early, so that of the last few the one that makes the
 * server's clock the furthest ahead has traveled least and is believed.
 */
export class ServerClock {
  #local;
  #offsets = [];
  #last = null;

  /** `local()` gives milliseconds that never go back, from any origin (`performance.now`). */
  constructor(local) {
    this.#local = local;
  }

  /** A message said that the server's time was `now` (milliseconds since the epoch). */
  told(now) {
    this.#offsets = [...this.#offsets.slice(1 - KEPT), now - this.#local()];
  }

  /** Forget what was told: it is another server, or one whose clock was set. */
  reset() {
    this.#offsets = [];
    this.#last = null;
  }

  /** The server's time now, in milliseconds since the epoch; null before the first message. Never goes back: nothing shrinks. */
  now() {
    if (!this.#offsets.length) return null;
    const reckoned = this.#local() + Math.max(...this.#offsets);
    this.#last = this.#last === null ? reckoned : Math.max(this.#last, reckoned);
    return this.#last;
  }
}
