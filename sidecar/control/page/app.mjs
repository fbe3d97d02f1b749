// The live page: puts its parts together and follows the sidecar.

import { html, render, useEffect, useState } from './dom.mjs';
import { Announcer } from './announcer.mjs';
import { Api } from './api.mjs';
import { SpendChart } from './chart.mjs';
import { Details } from './details.mjs';
import { Figures } from './figures.mjs';
import { Header, Stale } from './header.mjs';
import { KeysDialog, useKeys } from './keys.mjs';
import { Operations } from './operations.mjs';
import { Store, takeToken } from './store.mjs';
import { follow } from './stream.mjs';
import { chosenTheme, nextTheme, showTheme } from './theme.mjs';
import { Timeline } from './timeline.mjs';
import { TokenDialog } from './token.mjs';

function App({ store, onToken }) {
  const [, redraw] = useState(0);
  const [theme, setTheme] = useState(chosenTheme());
  const [hasKeys, showKeys] = useState(false);
  useEffect(() => store.listen(() => redraw((number) => number + 1)), []);
  useEffect(() => showTheme(theme), [theme]);
  const changeTheme = () => setTheme(nextTheme(theme));
  useKeys({
    '/': () => document.getElementById('find')?.focus(),
    '?': () => showKeys(true),
    o: () => store.narrow({ orphans: !store.filter.orphans }),
    p: () => store.pause(!store.isPaused),
    t: changeTheme,
    Escape: () => close(store),
  });
  return html`
    <${Header} store=${store} theme=${theme} onTheme=${changeTheme} onKeys=${() => showKeys(true)} />
    <${Stale} store=${store} />
    <div class="page ${store.selected ? 'has-details' : ''} ${store.connection.name === 'lost' ? 'is-stale' : ''}">
      <main>
        <${Figures} store=${store} />
        <${Timeline} store=${store} onOpen=${(id) => store.select('call', id)} />
        <div class="below">
          <${Operations} store=${store} onOpen=${(id) => store.select('operation', id)} />
          <${SpendChart} store=${store} />
        </div>
      </main>
      ${store.selected && html`<${Details} store=${store} onClose=${() => close(store)} />`}
    </div>
    <${Announcer} store=${store} />
    ${hasKeys && html`<${KeysDialog} onClose=${() => showKeys(false)} />`}
    ${store.connection.name === 'locked' && html`<${TokenDialog} reason=${store.connection.reason} onToken=${onToken} />`}`;
}

/** Close the details, and give the focus back to what they were opened from. */
function close(store) {
  if (!store.selected) return;
  const { type, id } = store.selected;
  store.select(type, null);
  const opener = type === 'call' ? '#calls' : `[data-id="${CSS.escape(id)}"] .name`;
  document.querySelector(opener)?.focus({ preventScroll: true });
}

const api = new Api();
api.useToken(takeToken());
const store = new Store(api);
showTheme(chosenTheme());
const connection = follow(api, {
  message: (event, data) => store.heard(event, data),
  state: (name, reason) => store.connected(name, reason),
});

function onToken(token) {
  api.useToken(token);
  store.connected('connecting');
  connection.retry();
}

render(html`<${App} store=${store} onToken=${onToken} />`, document.getElementById('page'));
