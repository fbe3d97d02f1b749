// The first line of the page: what this is, what it does, and whether it is still heard.

import { html, useRef } from './dom.mjs';
import { ago, moment } from './formats.mjs';
import { useFrames } from './ticker.mjs';
import { modeSentence } from './words.mjs';

const SAID = { connecting: 'connecting', live: 'live', lost: 'connection lost', locked: 'a token is wanted' };

export function Header({ store, theme, onTheme, onKeys }) {
  const { state } = store.view;
  return html`
    <header class="top">
      <h1><span class="logo" aria-hidden="true"><i></i><b></b><i></i></span>inference-sidecar</h1>
      <div class="standing">
        ${state && html`<span class="chip" title=${modeSentence(state.mode)}>${state.mode}</span>
          <${Since} store=${store} state=${state} />`}
        <${Connection} store=${store} />
      </div>
      <div class="tools">
        <button type="button" class="quiet" aria-pressed=${store.isPaused} onClick=${() => store.pause(!store.isPaused)}>
          ${store.isPaused ? 'Resume' : 'Pause'}</button>
        <button type="button" class="quiet" onClick=${onTheme} aria-label=${`Theme: ${theme}. Change it`} title="Light or dark">
          <span class="sun ${theme}" aria-hidden="true"></span></button>
        <button type="button" class="quiet" onClick=${onKeys} aria-label="Keys" title="Keys">?</button>
      </div>
    </header>`;
}

function Since({ store, state }) {
  const text = useRef();
  useFrames(() => {
    const [since, now] = [moment(state.since), store.now()];
    if (text.current && since !== null && now !== null) write(text.current, `since ${ago((now - since) / 1000).replace(' ago', '')}`);
  });
  return html`<span class="since">${state.state}, <span ref=${text}></span></span>`;
}

function Connection({ store }) {
  const { name, reason } = store.connection;
  const said = store.isPaused && name === 'live' ? 'paused' : SAID[name];
  return html`<span class="connection ${name} ${store.isPaused ? 'paused' : ''}" role="status" title=${reason}>${said}</span>`;
}

/** What stands between header and figures while something is wrong: the page shows what was, or the ledger can't be written. */
export function Stale({ store }) {
  const { name, reason, since } = store.connection;
  const text = useRef();
  useFrames(() => text.current && write(text.current, ago((performance.now() - since) / 1000)));
  const ledger = store.view.state?.ledger;
  if (name === 'live' && ledger && !ledger.is_healthy) {
    return html`<p class="stale" role="status"><strong>The ledger can’t be written.</strong> ${ledger.problem}</p>`;
  }
  if (name !== 'lost') return null;
  return html`<p class="stale" role="status"><strong>Connection lost</strong> <span ref=${text}></span>. ${reason} What is below is as it was then;
    the page tries again by itself.</p>`;
}

function write(element, text) {
  if (element.textContent !== text) element.textContent = text;
}
