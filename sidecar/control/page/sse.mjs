// Reads server-sent events (HTML standard, 9.2.6) from text as it comes. Pure. Own, because an EventSource can't send a token.

/** More text than this without the end of an event is not from our server. A snapshot of 1,000 calls is under 1 MB. */
export const MOST_TEXT = 32 * 1024 * 1024;

/** A reader: `feed(text)` gives the events that are complete now, as `{event, data}`. Comments are heartbeats and give none. */
export class EventReader {
  #rest = '';
  #event = '';
  #data = [];

  feed(text) {
    // a CR at the end may be half of a CRLF: it waits for what follows
    const lines = (this.#rest + text).split(/\r\n|\n|\r(?!$)/);
    this.#rest = lines.pop();
    if (this.#rest.length > MOST_TEXT) throw new RangeError('an event without an end');
    return lines.flatMap((line) => this.#line(line));
  }

  #line(line) {
    if (line === '') return this.#dispatch();
    const colon = line.indexOf(':');
    const field = colon < 0 ? line : line.slice(0, colon);
    const value = colon < 0 ? '' : line.slice(colon + 1).replace(/^ /, '');
    if (field === 'event') this.#event = value;
    if (field === 'data') this.#data.push(value);
    return [];
  }

  #dispatch() {
    const complete = this.#data.length ? [{ event: this.#event || 'message', data: this.#data.join('\n') }] : [];
    this.#event = '';
    this.#data = [];
    return complete;
  }
}
