// Requests to the control API. A token is kept in memory only; failures become sentences.

const CONTROL = { 'X-Sidecar-Control': 'true' };
const UNREACHABLE = 'The sidecar does not answer. It may have ended, or be starting anew.';

/** What went wrong, in a sentence for people. `status` is HTTP's, 0 where nothing came. */
export class ApiError extends Error {
  constructor(sentence, status) {
    super(sentence);
    this.status = status;
  }
}

/** The control API, relative to the page. */
export class Api {
  #token = null;

  /** Send this token with every request from now on. */
  useToken(token) {
    this.#token = token || null;
  }

  /** The body of a GET, parsed. */
  async get(path) {
    return (await this.#ask(path, {})).json();
  }

  /** The body of a POST, parsed: something is changed. */
  async post(path) {
    return (await this.#ask(path, { method: 'POST', headers: CONTROL })).json();
  }

  /** A reply whose body comes piece by piece. */
  stream(path, signal) {
    return this.#ask(path, { signal, headers: { Accept: 'text/event-stream' } });
  }

  async #ask(path, options) {
    const bearer = this.#token ? { Authorization: `Bearer ${this.#token}` } : {};
    let reply;
    try {
      reply = await fetch(`api/${path}`, { cache: 'no-store', ...options, headers: { ...options.headers, ...bearer } });
    } catch (failure) {
      if (failure.name === 'AbortError') throw failure;
      throw new ApiError(UNREACHABLE, 0);
    }
    if (!reply.ok) throw new ApiError(await sentenceOf(reply), reply.status);
    return reply;
  }
}

/** The `detail` of a problem (RFC 9457), as a sentence; what there is where there is none. */
async function sentenceOf(reply) {
  const problem = await reply.json().catch(() => ({}));
  const text = typeof problem.detail === 'string' ? problem.detail : problem.title;
  if (!text) return `The sidecar answered with HTTP status ${reply.status}.`;
  const sentence = text.charAt(0).toUpperCase() + text.slice(1);
  return /[.!?]$/.test(sentence) ? sentence : `${sentence}.`;
}
