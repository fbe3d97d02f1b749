// Operations: work at a provider that outlives its request. Who keeps it alive and for how long, and the two things that a person
// can do about it.

import { html, useRef, useState } from './dom.mjs';
import { Confirm } from './dialog.mjs';
import { amount, count, countdown, duration, moment, usd } from './formats.mjs';
import { useFrames } from './ticker.mjs';
import { evidence, operationKind } from './words.mjs';

const CHANGEABLE = new Set(['running', 'orphaned']);
const SAID_SECONDS = 12;
/** Operations that are shown; what wants attention comes first. */
const MOST_SHOWN = 50;
const URGENCY = { orphaned: 0, cancelling: 1, opening: 2, running: 2 };

export function Operations({ store, onOpen }) {
  const [asking, setAsking] = useState(null);
  const [said, say] = useSaid();
  const { operations, ended } = store.view;
  const all = [...operations.values()].sort(byUrgency);
  const rows = all.slice(0, MOST_SHOWN);
  return html`
    <section class="operations" aria-labelledby="operations-title">
      <div class="section-head"><h2 id="operations-title">Operations</h2>
        <p class="counts">${count(all.length)} open${all.length > rows.length ? `, ${rows.length} shown` : ''}</p></div>
      <p class="said" role="status">${said}</p>
      ${rows.length || ended.length
        ? html`<ul>${[...rows, ...ended].map((row) => html`
            <${Operation} key=${row.id} row=${row} store=${store} onAsk=${setAsking} onOpen=${onOpen} />`)}</ul>`
        : html`<p class="hint">None is open. Batches, background responses and videos that a program opens through the sidecar appear
            here, with the time that is left until their caller counts as gone.</p>`}
      ${asking && html`<${Question} ...${asking} store=${store} onSaid=${say} onClose=${() => setAsking(null)} />`}
    </section>`;
}

function byUrgency(one, other) {
  const urgency = (row) => URGENCY[row.state] ?? 3;
  return urgency(one) - urgency(other) || (one.opened_at < other.opened_at ? 1 : -1);
}

/** A sentence that goes away again. */
function useSaid() {
  const [said, set] = useState('');
  const timer = useRef(0);
  return [said, (sentence) => {
    set(sentence);
    clearTimeout(timer.current);
    timer.current = setTimeout(() => set(''), SAID_SECONDS * 1000);
  }];
}

function Operation({ row, store, onAsk, onOpen }) {
  const isOpen = store.view.operations.has(row.id);
  const money = isOpen ? row.spend_so_far_usd : row.spend_usd;
  const spend = usd(money ?? null, { isEstimate: amount(money) !== null && (isOpen || row.basis !== 'exact') });
  const what = `the ${operationKind(row.kind)} of ${row.caller ?? 'no name'}`;
  return html`
    <li class="operation ${row.state} ${isOpen ? '' : 'ended'}" data-id=${row.id} data-state=${row.state}>
      <div class="what"><button type="button" class="name" onClick=${() => onOpen(row.id)}>${row.caller ?? 'no name'}</button>
        <span class="model">${operationKind(row.kind)}, ${row.model}</span></div>
      <div class="state"><span class="word">${isOpen ? row.state : row.outcome ?? row.state}</span>
        <span class="evidence">${evidence(row)}</span></div>
      ${isOpen ? html`<${Lease} row=${row} store=${store} />` : html`<div class="lease"></div>`}
      <div class="spend">${spend}</div>
      <div class="acts">${isOpen && CHANGEABLE.has(row.state) && html`
        <button type="button" onClick=${() => onAsk({ row, wish: 'renew' })} aria-label=${`Keep ${what}`}>Keep</button>
        <button type="button" class="grave" onClick=${() => onAsk({ row, wish: 'cancel' })} aria-label=${`Cancel ${what}`}>Cancel</button>`}</div>
    </li>`;
}

/** The time until its caller counts as gone, or until something is done because it is. */
function Lease({ row, store }) {
  const [text, bar] = [useRef(), useRef()];
  useFrames(() => {
    const now = store.now();
    if (!text.current || now === null) return;
    const { sentence, part } = leaseOf(row, now);
    if (text.current.textContent !== sentence) text.current.textContent = sentence;
    bar.current.style.width = `${(part * 100).toFixed(2)}%`;
  });
  return html`<div class="lease"><span ref=${text}></span><i class="track" aria-hidden="true"><i ref=${bar}></i></i></div>`;
}

function leaseOf(row, now) {
  const left = (at) => (moment(at) === null ? null : (moment(at) - now) / 1000);
  const [lease, grace] = [left(row.lease_ends_at), left(row.grace_ends_at)];
  if (row.state === 'cancelling') return { sentence: `asked ${duration(-(left(row.cancel_requested_at) ?? 0))} ago`, part: 0 };
  if (row.state === 'orphaned') {
    const gone = `gone ${duration(-(left(row.lapsed_at) ?? 0))}`;
    return { sentence: grace !== null && grace > 0 ? `grace ${countdown(grace)}` : gone, part: 0 };
  }
  if (lease === null) return { sentence: row.is_detached ? 'detached' : '', part: 0 };
  if (lease <= 0) return { sentence: 'lease is over', part: 0 };
  return { sentence: `lease ${countdown(lease)}`, part: Math.min(1, lease / row.lease_seconds) };
}

const QUESTIONS = {
  cancel: {
    title: 'Cancel this operation?',
    doIt: 'Cancel the operation', leaveIt: 'Leave it running', isGrave: true,
    sentence: () => 'The provider is asked to stop. What it has computed until then may still be billed, and there will be no result.',
    said: (row) => `Cancel of the ${operationKind(row.kind)} of ${row.caller ?? 'no name'} was asked for. The provider’s word on it follows.`,
  },
  renew: {
    title: 'Keep this operation?',
    doIt: 'Keep it running', leaveIt: 'Not now', isGrave: false,
    sentence: (row) => `It has a whole lease again, ${duration(row.lease_seconds)} from now. When that ends and nobody has asked
      about it, its caller counts as gone.`,
    said: (row) => `The ${operationKind(row.kind)} of ${row.caller ?? 'no name'} is kept: its lease begins anew.`,
  },
};

function Question({ row, wish, store, onSaid, onClose }) {
  const question = QUESTIONS[wish];
  const runs = duration(((store.now() ?? 0) - moment(row.opened_at)) / 1000);
  const cost = amount(row.spend_so_far_usd) === null ? '' : `, about ${usd(row.spend_so_far_usd)} so far`;
  const whose = `${operationKind(row.kind)} of ${row.caller ?? 'a caller without a name'}`;
  const what = `The ${whose} with ${row.model} at ${row.upstream} has run for ${runs}${cost}.`;
  return html`<${Confirm} title=${question.title} sentences=${[what, question.sentence(row)]} doIt=${question.doIt} leaveIt=${question.leaveIt}
    isGrave=${question.isGrave}
    onClose=${onClose} act=${async () => {
      await store.api.post(`operations/${encodeURIComponent(row.id)}/${wish}`);
      onSaid(question.said(row));
    }} />`;
}
