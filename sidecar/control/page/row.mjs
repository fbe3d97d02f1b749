// One line of the time line: who, what, the bar, how it stands, and its money.

import { html, useRef } from './dom.mjs';
import { shownAt, told } from './counting.mjs';
import { amount, duration, usd } from './formats.mjs';
import { Lane, lifeSentence } from './lane.mjs';
import { isOrphan, isOrphanedNow, lifeOf } from './layout.mjs';
import { useFrames } from './ticker.mjs';
import { kindMeaning, kindWord, outcomeMeaning, outcomeWord, standing } from './words.mjs';

/** The id of a row's element. Ids of calls are ours and plain. */
export function elementId(id) {
  return `call-${id}`;
}

export function Row({ row, index, top, store, span, isCursor, isSelected, onSelect }) {
  const now = store.now() ?? store.view.now ?? 0;
  const classes = [
    'row', isOrphan(row) && 'orphan', isOrphanedNow(row) && 'growing', row.outcome && 'settled',
    isCursor && 'cursor', isSelected && 'selected',
  ];
  return html`
    <div role="row" id=${elementId(row.id)} data-id=${row.id} aria-rowindex=${index + 2} aria-selected=${isSelected}
      class=${classes.filter(Boolean).join(' ')} style=${{ transform: `translateY(${top}px)` }} onClick=${() => onSelect(row.id)}>
      <span role="gridcell" class="caller" title=${row.caller ?? ''}>${row.caller ?? html`<span class="unnamed">no name</span>`}</span>
      <span role="gridcell" class="model" title=${`${row.upstream}: ${row.model}`}>${row.model}</span>
      <span role="gridcell" class="kind" title=${kindMeaning(row)}>${kindWord(row)}</span>
      <span role="gridcell" class="life"><span class="vh">${lifeSentence(row, now)}</span><${Lane} row=${row} store=${store} span=${span} /></span>
      <span role="gridcell" class="outcome" title=${outcomeMeaning(row.outcome)}>${row.outcome ? outcomeWord(row.outcome) : standing(row)}</span>
      <${OnFor} row=${row} store=${store} />
      <${Money} name="orphaned-usd" settled=${row.orphaned_usd} estimate=${row.orphaned_so_far_usd} row=${row} isShown=${isOrphan(row)} />
      <${Money} name="spend" settled=${row.spend_usd} estimate=${row.spend_so_far_usd} row=${row} isShown=${true} />
    </div>`;
}

/** How long the provider went on for nobody. */
function OnFor({ row, store }) {
  const text = useRef();
  useFrames(() => {
    const life = lifeOf(row, store.now() ?? 0);
    const said = life.hasTail && !life.isSaved ? duration((life.end - life.attachedUntil) / 1000) : '';
    if (text.current && text.current.textContent !== said) text.current.textContent = said;
  });
  return html`<span role="gridcell" class="on-for" ref=${text}></span>`;
}

/** An amount: what the ledger has once the call has settled; before, an estimate that counts up. */
function Money({ name, settled, estimate, row, isShown }) {
  const text = useRef();
  const counting = useRef(null);
  useFrames(() => {
    if (!text.current) return;
    const said = isShown ? amountOf(row, settled, estimate, counting) : '';
    if (text.current.textContent !== said) text.current.textContent = said;
  });
  return html`<span role="gridcell" class="money ${name}" ref=${text}></span>`;
}

function amountOf(row, settled, estimate, counting) {
  if (row.outcome) return usd(settled ?? null, { isEstimate: row.basis !== 'exact' && Boolean(amount(settled)) });
  counting.current = told(counting.current, amount(estimate), performance.now());
  return usd(shownAt(counting.current, performance.now()), { isEstimate: true });
}
