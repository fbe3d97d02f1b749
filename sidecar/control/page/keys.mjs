// Keys of one letter, and the list of them. They can be switched off: whoever dictates says letters (WCAG 2.1.4).

import { html, useEffect } from './dom.mjs';
import { Dialog } from './dialog.mjs';
import { remember, remembered } from './theme.mjs';

const KEPT = 'inference-sidecar.keys';
const LIST = [
  ['↑ ↓', 'go from call to call'], ['Page Up, Page Down, Home, End', 'go further'], ['Enter', 'details of the call'],
  ['Esc', 'close details or a question'],
  ['/', 'find'], ['o', 'only orphans, or all'], ['p', 'pause, or resume'], ['t', 'light or dark'], ['?', 'these keys'],
];

export const areKeysOn = () => remembered(KEPT) !== 'off';

/** Call `acts[key]` when a key is pressed where no text is written. */
export function useKeys(acts) {
  useEffect(() => {
    function onKey(event) {
      if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented) return;
      if (event.target.closest?.('input, select, textarea, dialog') || !(event.key in acts)) return;
      if (event.key !== 'Escape' && !areKeysOn()) return;
      event.preventDefault();
      acts[event.key]();
    }
    addEventListener('keydown', onKey);
    return () => removeEventListener('keydown', onKey);
  });
}

export function KeysDialog({ onClose }) {
  const choose = (event) => remember(KEPT, event.currentTarget.checked ? 'on' : 'off');
  return html`<${Dialog} title="Keys" onClose=${onClose} className="keys">
    <dl>${LIST.map(([key, text]) => html`<div key=${key}>
      <dt>${key.split(/, | (?=↓)/).map((name) => html`<kbd>${name}</kbd> `)}</dt><dd>${text}</dd></div>`)}</dl>
    <label class="only"><input type="checkbox" checked=${areKeysOn()} onChange=${choose} />keys of one letter work</label>
    <div class="answers"><button type="button" data-first onClick=${onClose}>Close</button></div>
  <//>`;
}
