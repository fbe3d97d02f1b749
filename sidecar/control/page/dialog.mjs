// Asking before something is done. The browser's own modal dialog: it keeps the focus inside, Escape closes it, the rest is inert.

import { html, useEffect, useRef, useState } from './dom.mjs';

/** A dialog that is open for as long as it is rendered. */
export function Dialog({ title, onClose, children, className = '' }) {
  const element = useRef();
  useEffect(() => {
    const before = document.activeElement;
    element.current.showModal();
    element.current.querySelector('[data-first]')?.focus();
    return () => before?.isConnected && before.focus();
  }, []);
  return html`<dialog ref=${element} class=${className} aria-labelledby="dialog-title" onClose=${onClose}
    onClick=${(event) => event.target === element.current && onClose()}>
    <div class="dialog-body"><h2 id="dialog-title">${title}</h2>${children}</div></dialog>`;
}

/** A question with two answers. `act()` does it and may fail: its sentence is shown, and the dialog stays. */
export function Confirm({ title, sentences, doIt, leaveIt, isGrave, act, onClose }) {
  const [failure, setFailure] = useState('');
  const [isBusy, setBusy] = useState(false);

  async function go() {
    setBusy(true);
    setFailure('');
    try {
      await act();
      onClose();
    } catch (error) {
      setFailure(error.message);
      setBusy(false);
    }
  }

  return html`<${Dialog} title=${title} onClose=${onClose}>
    ${sentences.map((sentence) => html`<p>${sentence}</p>`)}
    <p class="failure" role="alert">${failure}</p>
    <div class="answers">
      <button type="button" data-first onClick=${onClose}>${leaveIt}</button>
      <button type="button" class=${isGrave ? 'grave' : 'primary'} disabled=${isBusy} onClick=${go}>${isBusy ? 'Asking …' : doIt}</button>
    </div>
  <//>`;
}
