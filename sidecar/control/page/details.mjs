// Everything about one call or operation: its moments, who decided what, its figures, its ids.

import { html, useEffect, useRef, useState } from './dom.mjs';
import { amount, count, duration, moment, timeOfDay, usd } from './formats.mjs';
import { decisionSentence, evidence, leftReason, operationKind, outcomeMeaning, outcomeWord, standing } from './words.mjs';

const CALL_MOMENTS = [
  ['started_at', 'Request came'], ['committed_at', 'Request was sent on'], ['answered_at', 'Answer began'],
  ['left_at', 'Caller left'], ['finished_at', 'Provider finished'], ['settled_at', 'Settled'],
];
const OPERATION_MOMENTS = [
  ['opened_at', 'Opened'], ['renewed_at', 'Last heard of its caller'], ['lapsed_at', 'Caller was gone'],
  ['cancel_requested_at', 'Cancel was asked for'], ['ended_at', 'Ended'], ['settled_at', 'Settled'],
];
const IDS = [
  ['id', 'id'], ['provider_id', 'at the provider'], ['trace', 'trace'], ['attempt_of', 'attempt of'],
  ['rescued_by', 'rescued by'], ['taken_by', 'taken by'], ['waits_for', 'waits for'],
  ['socket', 'first in its socket'],
];
const ASKED_AGAIN_MILLISECONDS = 3000;

export function Details({ store, onClose }) {
  const { type, id } = store.selected;
  const known = found(store.view, type, id);
  const told = useTold(store, type, id, known);
  const row = { ...told, ...known };
  const title = useRef();
  useEffect(() => title.current?.focus({ preventScroll: true }), [id]);
  const exists = known || told;
  return html`
    <aside class="details" aria-labelledby="details-title" onKeyDown=${(event) => event.key === 'Escape' && onClose()}>
      <div class="section-head"><h2 id="details-title" tabindex="-1" ref=${title}>${exists ? row.caller ?? 'no name' : 'Gone'}</h2>
        <button type="button" class="quiet" onClick=${onClose} aria-label="Close details">✕</button></div>
      ${!exists ? html`<p class="hint">It is not among those that the page holds any more; the ledger has it.</p>`
        : type === 'call' ? html`<${CallDetails} row=${row} />` : html`<${OperationDetails} row=${row} />`}
    </aside>`;
}

function found(view, type, id) {
  if (type === 'operation') return view.operations.get(id) ?? view.ended.find((row) => row.id === id);
  return view.calls.get(id) ?? view.recent.find((row) => row.id === id);
}

/** What the server says when asked for this one: more than it sends of all. */
function useTold(store, type, id, known) {
  const [told, set] = useState(null);
  useEffect(() => {
    let isWanted = true;
    set(null);
    const ask = () => store.api.get(`${type}s/${encodeURIComponent(id)}`).then((row) => isWanted && set(row), () => {});
    ask();
    const timer = setInterval(() => !store.isPaused && store.connection.name === 'live' && ask(), ASKED_AGAIN_MILLISECONDS);
    return () => {
      isWanted = false;
      clearInterval(timer);
    };
  }, [type, id, known?.outcome, known?.state]);
  return told?.id === id ? told : null;
}

function CallDetails({ row }) {
  const word = row.outcome ? outcomeWord(row.outcome) : standing(row);
  return html`
    <p class="lead"><strong>${word}</strong> ${outcomeMeaning(row.outcome)}</p>
    <p class="sub">${row.kind} with ${row.model} at ${row.upstream}${row.route ? `, route ${row.route}` : ''}</p>
    <h3>Moments</h3><${Moments} row=${row} moments=${CALL_MOMENTS} notes=${{ left_at: leftReason(row.left_reason) }} />
    ${row.decision && html`<h3>Decision</h3><p>${decisionSentence(row.decision)}${inBrackets(row.decision_reason)}.</p>`}
    <h3>Figures</h3><${Figures} row=${row} figures=${callFigures(row)} />
    <h3>Ids</h3><${Ids} row=${row} />`;
}

function inBrackets(name) {
  return name ? ` (${name.replaceAll('_', ' ')})` : '';
}

function callFigures(row) {
  const isEstimate = !row.outcome || (row.basis && row.basis !== 'exact');
  const money = (name, settled, soFar) => [name, marked(row.outcome ? settled : soFar, isEstimate)];
  return [
    money('spend', row.spend_usd, row.spend_so_far_usd),
    money('orphaned', row.orphaned_usd, row.orphaned_so_far_usd),
    row.outcome && money('avoidable', row.avoidable_usd),
    ['basis', [row.basis, row.basis_reason].filter(Boolean).join(', ').replaceAll('_', ' ')],
    ['price from', row.price_source],
    ['no price', row.unpriced_reason?.replaceAll('_', ' ')],
    ['HTTP status', row.http_status],
  ];
}

function OperationDetails({ row }) {
  return html`
    <p class="lead"><strong>${row.outcome ?? row.state}</strong> ${evidence(row)}</p>
    <p class="sub">${operationKind(row.kind)} with ${row.model} at ${row.upstream}</p>
    <h3>Moments</h3><${Moments} row=${row} moments=${OPERATION_MOMENTS} notes=${{}} />
    ${row.moves && html`<h3>History</h3><ol class="moves">${row.moves.map((move) => html`<li key=${move.number}>
      <time>${timeOfDay(moment(move.at))}</time>
      <span>${move.event.replaceAll('_', ' ')}${move.evidence ? html`<small>${move.evidence}</small>` : ''}</span></li>`)}</ol>`}
    <h3>Figures</h3><${Figures} row=${row} figures=${operationFigures(row)} />
    <h3>Ids</h3><${Ids} row=${row} />`;
}

function operationFigures(row) {
  const isEstimate = row.basis !== 'exact';
  return [
    ['spend', marked(row.spend_usd ?? row.spend_so_far_usd, isEstimate)],
    ['orphaned', marked(row.orphaned_usd, isEstimate)],
    ['avoided', marked(row.avoided_usd, true)],
    ['lease', duration(row.lease_seconds)],
    ['price from', row.price_source],
  ];
}

/** An amount; the mark of an estimate stands only where there is one. */
function marked(money, isEstimate) {
  return usd(money ?? null, { isEstimate: isEstimate && amount(money) !== null });
}

function Moments({ row, moments, notes }) {
  const first = moment(row[moments[0][0]]);
  return html`<dl class="moments">${moments.filter(([name]) => row[name]).map(([name, title]) => html`
    <div key=${name} class=${name}><dt>${title}${notes[name] ? html`<small>${notes[name]}</small>` : ''}</dt>
      <dd><time datetime=${row[name]} title=${row[name]}>${timeOfDay(moment(row[name]), { withMillis: true })}</time>
        <span>${moment(row[name]) === first ? '' : `+${((moment(row[name]) - first) / 1000).toFixed(3)} s`}</span></dd></div>`)}</dl>`;
}

function Figures({ row, figures }) {
  const usage = Object.entries(row.usage ?? {}).map(([name, number]) => [name.replaceAll('_', ' '), count(number)]);
  const known = [...figures.filter(Boolean), ...usage].filter(([, value]) => value !== '' && value !== null && value !== undefined);
  return html`<dl class="pairs">${known.map(([name, value]) => html`<div key=${name}><dt>${name}</dt><dd>${value}</dd></div>`)}</dl>`;
}

function Ids({ row }) {
  return html`<dl class="ids">${IDS.filter(([key]) => row[key]).map(([key, name]) => html`<div key=${key}><dt>${name}</dt>
    <dd><code>${row[key]}</code><${Copy} text=${row[key]} what=${name} /></dd></div>`)}</dl>`;
}

/** A button that copies a text, and says so. */
export function Copy({ text, what }) {
  const [isCopied, set] = useState(false);
  async function copy() {
    try {
      await navigator.clipboard.writeText(text);
      set(true);
      setTimeout(() => set(false), 2000);
    } catch {
      set(false); // no permission: the text can be selected
    }
  }
  return html`<button type="button" class="quiet copy" onClick=${copy} aria-label=${`Copy ${what}`}>${isCopied ? 'copied' : 'copy'}</button>`;
}
