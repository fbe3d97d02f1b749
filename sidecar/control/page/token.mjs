// Asks for the token that the sidecar's settings name. It is kept in memory for as long as the page is open, and nowhere else.

import { html, useState } from './dom.mjs';
import { Dialog } from './dialog.mjs';

export function TokenDialog({ reason, onToken }) {
  const [token, set] = useState('');
  return html`<${Dialog} title="This sidecar wants a token" onClose=${() => {}}>
    <form method="dialog" onSubmit=${(event) => { event.preventDefault(); onToken(token); }}>
      <p>It is what control.token in the sidecar’s settings names. ${reason}</p>
      <label class="token">Token <input type="password" autocomplete="off" data-first value=${token}
        onInput=${(event) => set(event.currentTarget.value)} /></label>
      <div class="answers"><button type="submit" class="primary" disabled=${!token}>Connect</button></div>
    </form><//>`;
}
