// The money so far, in large type: what was delivered, what was not, and what is accruing now.

import { html, useRef } from './dom.mjs';
import { started, told, shownAt } from './counting.mjs';
import { amount, plural, share, total } from './formats.mjs';
import { isOrphanedNow } from './layout.mjs';
import { useFrames } from './ticker.mjs';

const MEANINGS = {
  orphaned: 'Billed for results that nobody received.',
  avoidable: 'The part of it that accrued after the caller had left: what an instant stop would have saved.',
  avoided: 'Estimated: what the operations and calls that the sidecar stopped would have cost to their end.',
  rescued: 'Handed over to a retry instead of being paid for twice.',
};

export function Figures({ store }) {
  const { state, calls } = store.view;
  const totals = state?.totals ?? {};
  const [delivered, orphaned] = [totals.spend_usd?.delivered, totals.spend_usd?.orphaned];
  const bill = (amount(delivered) ?? 0) + (amount(orphaned) ?? 0);
  const orphansNow = [...calls.values()].filter(isOrphanedNow).length;
  return html`
    <section class="figures" aria-label="Spend since the sidecar started">
      <div class="figure ${amount(orphaned) ? 'orphaned' : ''}" data-figure="orphaned" title=${MEANINGS.orphaned}>
        <h2>Orphaned</h2><p class="large ${amount(orphaned) ? '' : 'zero'}">${total(orphaned)}</p>
        <p class="note">${bill ? `${share(amount(orphaned), bill)} of the bill` : 'no result was lost yet'}</p>
      </div>
      <${Exposure} store=${store} orphans=${orphansNow} />
      <div class="figure"><h2>Delivered</h2><p class="large ${amount(delivered) ? '' : 'zero'}">${total(delivered)}</p>
        <p class="note">${billed(bill, totals.unpriced)}</p></div>
      <${Small} name="Avoidable" value=${totals.avoidable_usd} note="accrued after they left" title=${MEANINGS.avoidable} />
      <${Small} name="Avoided" value=${totals.avoided_usd} note="by stopping the work" title=${MEANINGS.avoided} isEstimate />
      <${Small} name="Rescued" value=${totals.rescued_usd} note="given to a retry" title=${MEANINGS.rescued} />
      <${Share} orphaned=${amount(orphaned) ?? 0} bill=${bill} />
    </section>`;
}

/** The whole bill, and how much is in no sum because it has no price. */
function billed(bill, unpriced) {
  const without = Object.values(unpriced ?? {}).reduce((sum, number) => sum + number, 0);
  const said = bill ? `of ${total(String(bill))} billed` : 'nothing was billed yet';
  return without ? `${said}, ${without} without a price` : said;
}

function Small({ name, value, note, title, isEstimate = false }) {
  const isMarked = isEstimate && Boolean(amount(value));
  return html`<div class="figure" title=${title}><h2>${name}</h2>
    <p class="large ${amount(value) ? '' : 'zero'}">${total(value, { isEstimate: isMarked })}</p>
    <p class="note">${note}</p></div>`;
}

/** What orphans cost up to this moment, counting. */
function Exposure({ store, orphans }) {
  const text = useRef();
  const counting = useRef(null);
  const value = amount(store.view.state?.exposure_usd);
  useFrames(() => {
    counting.current = value === null ? null : follow(counting.current, value);
    const shown = shownAt(counting.current, performance.now());
    if (text.current) text.current.textContent = total(shown === null ? null : String(shown), { isEstimate: Boolean(shown) });
  });
  return html`<div class="figure ${orphans ? 'orphaned' : ''}" data-figure="exposure" title="Estimated bill that accrues for orphans now.">
    <h2>Exposure now</h2><p class="large ${value ? '' : 'zero'}" ref=${text}></p>
    <p class="note">${orphans ? plural(orphans, 'call') + ' orphaned now' : 'no call is orphaned now'}</p></div>`;
}

/** Up smoothly, down at once: an orphan that has settled is no exposure any more. */
function follow(counting, value) {
  const at = performance.now();
  return counting === null || value < counting.to ? started(value, at) : told(counting, value, at);
}

function Share({ orphaned, bill }) {
  const part = bill ? orphaned / bill : 0;
  return html`<div class="share" role="img" aria-label=${`${share(orphaned, bill) || 'nothing'} of the bill is orphaned`}>
    <i style=${{ width: `${part * 100}%` }}></i></div>`;
}
