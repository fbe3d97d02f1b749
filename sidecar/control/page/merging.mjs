// What the page knows, and how messages change it. Pure: a model is never changed, a new one is made, so that a paused page may
// keep an old one.

import { moment } from './formats.mjs';

/** Settled calls that are kept: some screens full. The ledger has the rest. */
export const MOST_RECENT = 300;
/** Operations that are no more open, kept so that one sees what became of them. */
export const MOST_ENDED = 20;

export const EMPTY = Object.freeze({
  now: null,
  state: null,
  calls: new Map(),
  recent: [],
  operations: new Map(),
  ended: [],
});

/** The model after an `event: snapshot`. Operations that the page has seen end stay, unless they are open after all. */
export function withSnapshot(model, message) {
  const operations = byId(message.operations);
  return {
    now: moment(message.now ?? message.state?.now) ?? model.now,
    state: message.state ?? null,
    calls: byId(message.calls),
    recent: newestFirst(message.recent ?? []),
    operations,
    ended: model.ended.filter((row) => !operations.has(row.id)),
  };
}

/** The model after an `event: changes`; what a message does not speak of is as it was. */
export function withChanges(model, message) {
  const operations = changed(model.operations, message.operations, message.operations_gone);
  return {
    now: moment(message.now) ?? model.now,
    state: message.state ? { ...model.state, ...message.state } : model.state,
    calls: changed(model.calls, message.calls, [...(message.calls_gone ?? []), ...idsOf(message.settled)]),
    recent: message.settled?.length ? newestFirst([...message.settled, ...model.recent]) : model.recent,
    operations,
    ended: withEnded(model, message.operations_gone ?? [], operations),
  };
}

/** The model with the last row of an operation that has ended, as the server has told it when asked. */
export function withEndedOperation(model, row) {
  return { ...model, ended: model.ended.map((known) => (known.id === row.id ? { ...known, ...row } : known)) };
}

function withEnded(model, gone, operations) {
  const rows = gone.map((id) => model.operations.get(id)).filter(Boolean);
  if (!rows.length && !model.ended.some((row) => operations.has(row.id))) return model.ended;
  const ids = new Set(idsOf(rows));
  return [...rows, ...model.ended.filter((row) => !ids.has(row.id) && !operations.has(row.id))].slice(0, MOST_ENDED);
}

function changed(known, rows, gone) {
  const entries = Object.entries(rows ?? {});
  if (!entries.length && !gone?.length) return known;
  const next = new Map(known);
  for (const id of gone ?? []) next.delete(id);
  for (const [id, row] of entries) next.set(id, row);
  return next;
}

function byId(rows) {
  return new Map((rows ?? []).map((row) => [row.id, row]));
}

function idsOf(rows) {
  return (rows ?? []).map((row) => row.id);
}

/** Each call once, the first row that is met; the one that settled last first. */
function newestFirst(rows) {
  const unique = [...new Map([...rows].reverse().map((row) => [row.id, row])).values()];
  const settled = (row) => row.settled_at ?? '';
  return unique.sort((one, other) => (settled(one) < settled(other) ? 1 : settled(one) > settled(other) ? -1 : 0)).slice(0, MOST_RECENT);
}
