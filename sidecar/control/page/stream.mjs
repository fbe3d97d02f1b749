// The live connection: reads /api/events, and tries again for as long as the page is open.

import { EventReader } from './sse.mjs';

/** The server sends a comment each 15 s; two that are missing mean that nobody is there. */
const SILENCE_MILLISECONDS = 35_000;
const PAUSES = [250, 500, 1000, 2000];

/**
 * Follow the events of an `Api`. `on.message(event, data)` is called with parsed data, `on.state(name, reason)` with `connecting`,
 * `live`, `lost` or `locked` (a token is wanted). Returns `{retry, close}`.
 */
export function follow(api, on) {
  let [failures, closed, controller, timer] = [0, false, null, null];

  async function connect() {
    const mine = new AbortController();
    controller = mine;
    clearTimeout(timer);
    try {
      const reply = await api.stream('events', mine.signal);
      await read(reply.body, mine, (event, data) => {
        failures = 0;
        on.state('live');
        on.message(event, data);
      });
      lost(mine, 'The sidecar has closed the connection.');
    } catch (failure) {
      if (failure.status === 401) on.state('locked', failure.message);
      else lost(mine, failure.status === undefined ? 'The connection broke.' : failure.message);
    }
  }

  function lost(mine, reason) {
    if (closed || mine !== controller) return; // another connection has taken its place
    on.state('lost', reason);
    const pause = PAUSES[Math.min(failures, PAUSES.length - 1)];
    failures += 1;
    timer = setTimeout(connect, pause * (0.75 + Math.random() / 2)); // not all pages at once
  }

  on.state('connecting');
  connect();
  return {
    retry() {
      const before = controller;
      failures = 0;
      connect();
      before.abort();
    },
    close() {
      closed = true;
      clearTimeout(timer);
      controller.abort();
    },
  };
}

/** Read until the end; a silence is an end as well, for a broken network says nothing. */
async function read(body, controller, heard) {
  const [reader, decoder, events] = [body.getReader(), new TextDecoder(), new EventReader()];
  let watch = null;
  try {
    for (;;) {
      watch = setTimeout(() => controller.abort(), SILENCE_MILLISECONDS);
      const { done, value } = await reader.read();
      clearTimeout(watch);
      if (done) return;
      for (const { event, data } of events.feed(decoder.decode(value, { stream: true }))) heard(event, JSON.parse(data));
    }
  } finally {
    clearTimeout(watch);
    controller.abort();
  }
}
