// What is shown before the first call: how a program's calls come here.

import { html } from './dom.mjs';
import { Copy } from './details.mjs';

const VARIABLES = [
  ['GOOGLE_GEMINI_BASE_URL', '/gemini'], ['GOOGLE_VERTEX_BASE_URL', '/vertex'],
  ['OPENAI_BASE_URL', '/openai/v1'], ['ANTHROPIC_BASE_URL', '/anthropic'],
];

export function Empty({ state }) {
  const proxy = reachable(state?.addresses?.proxy);
  if (!proxy) return html`<p class="hint">Waiting for the sidecar.</p>`;
  const lines = VARIABLES.map(([name, path]) => `export ${name}=${proxy}${path}`);
  return html`
    <div class="empty">
      <p class="lead">No call has come yet. Set these where your program runs, and start it:</p>
      <div class="code"><pre tabindex="0" aria-label="Variables to set">${lines.join('\n')}</pre>
        <${Copy} text=${lines.join('\n')} what="the variables" /></div>
      <p class="hint">Or let <code>sidecar run -- python script.py</code> do both. Then press Ctrl-C while the program waits for an answer:
        the bar goes on without it, and the part that nobody receives is drawn and counted as it grows.</p>
    </div>`;
}

/** The address as a program on this machine can use it: nobody connects to 0.0.0.0. */
export function reachable(url) {
  return url?.replace(/^(?<scheme>https?:\/\/)(?:0\.0\.0\.0|\[::\])(?=:|\/|$)/, '$<scheme>127.0.0.1').replace(/\/$/, '');
}
