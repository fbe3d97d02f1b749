// What the page knows, in one place: the model, the connection, the filter, what is selected. Tells its listeners of every change.

import { ServerClock } from './clock.mjs';
import { fromFragment, toFragment } from './filters.mjs';
import { EMPTY, withChanges, withEndedOperation, withSnapshot } from './merging.mjs';

const LEFT_OUT_OF_FRAGMENT = 'token';

export class Store {
  model = EMPTY;
  connection = { name: 'connecting', reason: '', since: 0 };
  filter = fromFragment(location.hash);
  /** `{type: 'call' | 'operation', id}`, or null. */
  selected = null;
  #listeners = new Set();
  #clock = new ServerClock(() => performance.now());
  #paused = null;

  constructor(api) {
    this.api = api;
    addEventListener('hashchange', () => this.#set({ filter: fromFragment(location.hash) }));
  }

  /** Call this at every change; returns how to end it. */
  listen(listener) {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** What is shown: the model, or the one that was there when the page was paused. */
  get view() {
    return this.#paused?.model ?? this.model;
  }

  get isPaused() {
    return this.#paused !== null;
  }

  /** The server's time in milliseconds. It stands still while the page is paused or knows nothing new. */
  now() {
    if (this.#paused) return this.#paused.now;
    if (this.connection.name !== 'live') return this.connection.now ?? null;
    return this.#clock.now();
  }

  pause(isPaused) {
    this.#paused = isPaused ? { model: this.model, now: this.now() } : null;
    this.#tell();
  }

  select(type, id) {
    this.#set({ selected: id === null ? null : { type, id } });
  }

  /** Change some of the filter, and the address with it. */
  narrow(change) {
    const filter = { ...this.filter, ...change };
    const fragment = toFragment(filter);
    history.replaceState(null, '', fragment ? `#${fragment}` : location.pathname + location.search);
    this.#set({ filter });
  }

  /** The connection is in this state now. */
  connected(name, reason = '') {
    if (name === this.connection.name && reason === this.connection.reason) return;
    const now = name === 'live' ? null : this.now();
    const since = name === this.connection.name ? this.connection.since : performance.now();
    this.#set({ connection: { name, reason, since, now } });
  }

  /** A message of the live connection. */
  heard(event, message) {
    if (event === 'snapshot') {
      this.#clock.reset();
      this.model = withSnapshot(this.model, message);
    } else if (event === 'changes') {
      this.model = withChanges(this.model, message);
      for (const id of message.operations_gone ?? []) this.#askForEnd(id);
    }
    if (this.model.now !== null) this.#clock.told(this.model.now);
    this.#tell();
  }

  /** What became of an operation that is open no more; it is shown as it was if nobody can say. */
  async #askForEnd(id) {
    const row = await this.api.get(`operations/${encodeURIComponent(id)}`).catch(() => null);
    if (row) this.#set({ model: withEndedOperation(this.model, row) });
  }

  #set(change) {
    Object.assign(this, change);
    this.#tell();
  }

  #tell() {
    for (const listener of this.#listeners) listener();
  }
}

/** The token in the address's fragment, which is then taken out of the address: it must not come into a history or a bookmark. */
export function takeToken() {
  const given = new URLSearchParams(location.hash.slice(1));
  const token = given.get(LEFT_OUT_OF_FRAGMENT);
  if (token === null) return null;
  given.delete(LEFT_OUT_OF_FRAGMENT);
  history.replaceState(null, '', given.size ? `#${given}` : location.pathname + location.search);
  return token;
}
