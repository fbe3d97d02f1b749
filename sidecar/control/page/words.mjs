// The project's closed sets of names, as people read them. Pure. A name that is not known is shown as it is.

import { plural } from './formats.mjs';

const OUTCOMES = {
  in_flight: 'in flight', delivered: 'delivered', rejected: 'rejected', refused: 'refused', joined: 'joined', left_early: 'left early',
  upstream_failed: 'upstream failed', cut_short: 'cut short', undelivered: 'undelivered', orphan_finished: 'orphan finished',
  orphan_cut: 'orphan cut', orphan_failed: 'orphan failed', rescued: 'rescued', lost: 'lost',
};
const MEANINGS = {
  delivered: 'Both ends were content.',
  rejected: 'The provider declined; its error was delivered.',
  refused: 'The sidecar answered itself; nothing was spent.',
  joined: 'A retry that was given another call’s answer; it spent nothing.',
  left_early: 'The caller left before the provider had the whole request; nothing was spent.',
  upstream_failed: 'The provider, or the way to it, failed.',
  cut_short: 'A limit or the drain of the sidecar ended it.',
  undelivered: 'The caller left after the provider had finished, before the answer was handed over.',
  orphan_finished: 'The provider worked to the end for nobody.',
  orphan_cut: 'The sidecar closed the connection to the provider after the caller had left.',
  orphan_failed: 'It failed at the provider while nobody was there.',
  rescued: 'The caller left, and its retry was given the answer.',
  lost: 'The sidecar ended while the call ran.',
};
const LEFT = {
  fin: 'it closed the connection', rst: 'it reset the connection', closed: 'it closed the socket',
  write_stalled: 'it took nothing any more',
  pod_ending: 'its pod is ending', sidecar_lost: 'the sidecar ended',
};
const GONE = {
  lease_lapsed: 'nobody asked about it for its whole lease', process_exited: 'the process that opened it has ended',
  pod_ending: 'the pod of its caller is ending', sidecar_lost: 'the sidecar that watched its caller has ended',
};
const DECISIONS = {
  follow: 'The sidecar reads the answer to its end', cut: 'The sidecar closed the connection to the provider',
  hold: 'The sidecar holds the call open for a retry',
};
const CANCELS = {
  confirmed: 'the provider confirmed the cancel', too_late: 'the cancel came too late', unsupported: 'the provider has no cancel for it',
  refused: 'the provider refused the cancel', unconfirmed: 'nobody confirmed the cancel', no_credential: 'there is no credential to cancel it with',
  would_cancel: 'in mode enforce it would be cancelled',
};
const OPERATION_KINDS = {
  background: 'background response', lro: 'long-running operation', batch: 'batch', tuning: 'tuning',
};
const CALL_KINDS = {
  unary: 'One answer, whole.', stream: 'An answer that comes piece by piece.', live: 'One answer of many in a socket.',
};
const MODES = {
  observe: 'observe: nothing is changed at a provider',
  enforce: 'enforce: orphans are rescued and cancelled by the settings',
};

const plain = (name) => String(name).replaceAll('_', ' ');

export const outcomeWord = (name) => OUTCOMES[name] ?? plain(name);
export const outcomeMeaning = (name) => MEANINGS[name] ?? '';
export const leftReason = (name) => (name ? LEFT[name] ?? plain(name) : '');
export const decisionSentence = (name) => DECISIONS[name] ?? plain(name);
export const operationKind = (name) => OPERATION_KINDS[name] ?? plain(name);
export const modeSentence = (name) => MODES[name] ?? plain(name);

/** What sort of call it is. Answers of one socket have one number: the running number of the first of them. */
export function kindWord(row) {
  return row.socket ? `${row.kind} ${runningNumber(row.socket)}` : row.kind;
}

/** The same in a sentence. */
export function kindMeaning(row) {
  const meaning = CALL_KINDS[row.kind] ?? '';
  if (!row.socket) return meaning;
  return `${meaning} The first in its socket is ${row.socket === row.id ? 'this one' : row.socket}.`;
}

function runningNumber(id) {
  const number = Number.parseInt(id.slice(id.lastIndexOf('-') + 1), 16);
  return Number.isNaN(number) ? id : number;
}

/** What of the sidecar's roads is open besides calls; empty where nothing is. */
export function openRoads(state) {
  const sockets = Object.values(state?.live_sockets ?? {}).reduce((sum, number) => sum + number, 0);
  const open = [[sockets, 'socket'], [state?.tunnels ?? 0, 'tunnel']].filter(([number]) => number);
  return open.length ? `${open.map(([number, word]) => plural(number, word)).join(' and ')} open` : '';
}

/** How a call in flight stands, in a word or two. */
export function standing(row) {
  if (row.taken_by) return 'taken by a retry';
  if (row.attachment === 'shelved') return 'waits for a retry';
  if (row.orphaned_since) return row.finished_at ? 'orphan finished' : 'orphaned';
  if (row.attachment === 'orphaned' && !row.left_at) return 'may come back';
  if (row.waits_for) return 'joins another';
  return row.answered_at ? 'answering' : 'waiting';
}

/** Why an operation stands where it stands: what was seen of its caller, and what came of cancelling it. */
export function evidence(row) {
  const parts = [
    row.gone_reason && row.state !== 'running' ? GONE[row.gone_reason] ?? plain(row.gone_reason) : '',
    row.cancel_result ? CANCELS[row.cancel_result] ?? plain(row.cancel_result) : '',
  ].filter(Boolean);
  if (!parts.length) return row.state === 'running' ? 'its caller is thought to be there' : '';
  return parts.join('; ');
}
