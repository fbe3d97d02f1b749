// What narrows the list of calls. All of it is in the address's fragment, so that it can be sent to somebody.

import { html, useMemo } from './dom.mjs';
import { CHOICES, SORTS, WIDE, choices, isNarrow } from './filters.mjs';
import { SPANS } from './layout.mjs';
import { duration } from './formats.mjs';
import { outcomeWord } from './words.mjs';

const ALL = { upstream: 'all upstreams', model: 'all models', kind: 'all kinds', outcome: 'all outcomes' };

export function FilterBar({ store, span }) {
  const { filter } = store;
  const values = useMemo(() => choices(store.view, filter), [store.view.calls, store.view.recent, filter]);
  const narrow = (key) => (event) => store.narrow({ [key]: event.currentTarget.value });
  return html`
    <div class="filters" role="search" aria-label="Filter calls">
      <input type="search" id="find" placeholder="Find a caller, model, id" aria-label="Find" value=${filter.text} onInput=${narrow('text')} />
      ${CHOICES.map((key) => html`<${Choice} key=${key} name=${key} value=${filter[key]} values=${values[key]} onChange=${narrow(key)} />`)}
      <label class="only"><input type="checkbox" checked=${filter.orphans}
        onChange=${(event) => store.narrow({ orphans: event.currentTarget.checked })} />only orphans</label>
      ${isNarrow(filter) && html`<button type="button" class="link" onClick=${() => store.narrow(WIDE)}>clear</button>`}
      <span class="spring"></span>
      <select aria-label="Order" value=${filter.sort} onChange=${narrow('sort')}>
        ${Object.entries(SORTS).map(([name, text]) => html`<option value=${name} selected=${name === filter.sort}>${text}</option>`)}
      </select>
      <select aria-label="Time shown" value=${filter.span} onChange=${narrow('span')}>
        <option value="auto" selected=${filter.span === 'auto'}>${`last ${short(span.seconds)}, as needed`}</option>
        ${SPANS.map(({ seconds }) => html`<option value=${seconds} selected=${String(seconds) === filter.span}>last ${short(seconds)}</option>`)}
      </select>
    </div>`;
}

function Choice({ name, value, values, onChange }) {
  if (values.length < 2 && !value) return null;
  return html`<select aria-label=${name} value=${value} onChange=${onChange} class=${value ? 'chosen' : ''}>
    <option value="" selected=${!value}>${ALL[name]}</option>
    ${values.map((text) => html`<option value=${text} selected=${text === value}>${name === 'outcome' ? outcomeWord(text) : text}</option>`)}
  </select>`;
}

function short(seconds) {
  if (seconds < 120) return `${seconds} s`;
  return seconds < 3600 ? `${seconds / 60} min` : duration(seconds).replace(' 00 min', '');
}
