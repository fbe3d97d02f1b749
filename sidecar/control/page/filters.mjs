// Which calls are shown and in which order, and how that is kept in the address. Pure.

import { amount, moment } from './formats.mjs';
import { isOrphan, isOrphanedNow } from './layout.mjs';
import { kindWord } from './words.mjs';

/** Outcome of a call that has none yet. */
export const IN_FLIGHT = 'in_flight';
/** The part of a filter that hides nothing; order and span stay as they are. */
export const WIDE = Object.freeze({ text: '', upstream: '', model: '', kind: '', outcome: '', orphans: false });
/** A plain page: everything, the newest first. */
export const NOTHING = Object.freeze({ ...WIDE, sort: 'newest', span: 'auto' });
export const SORTS = { newest: 'newest first', orphans: 'orphans first', dearest: 'dearest orphans first', longest: 'longest first' };
/** What selects a value that the rows have. */
export const CHOICES = ['upstream', 'model', 'kind', 'outcome'];
const KEYS = Object.keys(NOTHING);

/** The filter that an address's fragment holds; what is strange in it is left out. */
export function fromFragment(fragment) {
  const given = new URLSearchParams(fragment.replace(/^#/, ''));
  const filter = { ...NOTHING };
  for (const key of KEYS) if (given.has(key)) filter[key] = key === 'orphans' ? given.get(key) === '1' : given.get(key);
  if (!(filter.sort in SORTS)) filter.sort = NOTHING.sort;
  return filter;
}

/** The fragment of a filter, without `#`: only what differs from nothing, so that a plain page has a plain address. */
export function toFragment(filter) {
  const said = KEYS.filter((key) => filter[key] !== NOTHING[key]).map((key) => [key, key === 'orphans' ? '1' : filter[key]]);
  return new URLSearchParams(said).toString();
}

/** Whether rows are hidden: an order or a span hides none. */
export function isNarrow(filter) {
  return Object.keys(WIDE).some((key) => filter[key] !== WIDE[key]);
}

/** A call's outcome, `in_flight` where it has none. */
export function outcomeOf(row) {
  return row.outcome ?? IN_FLIGHT;
}

/** Whether a call is shown. Text is looked for in whatever of it can be read on the page, letters large or small. */
export function matches(row, filter) {
  if (filter.orphans && !isOrphan(row)) return false;
  if (CHOICES.some((key) => filter[key] && (key === 'outcome' ? outcomeOf(row) : row[key]) !== filter[key])) return false;
  const text = filter.text.trim().toLowerCase();
  const parts = [row.caller, row.model, row.upstream, kindWord(row), row.id, row.socket, row.route, outcomeOf(row)];
  return !text || parts.some((part) => part?.toLowerCase().includes(text));
}

/** The calls that are shown, in flight and settled ones, in order. A call is there once: in flight counts. */
export function shown(model, filter) {
  const rows = [...model.calls.values(), ...model.recent.filter((row) => !model.calls.has(row.id))];
  const order = ORDERS[filter.sort];
  return rows.filter((row) => matches(row, filter)).sort((one, other) => order(one, other, model.now));
}

/** The values that can be chosen, from the rows that there are; one that is chosen stays. */
export function choices(model, filter) {
  const rows = [...model.calls.values(), ...model.recent];
  return Object.fromEntries(
    CHOICES.map((key) => {
      const values = new Set(rows.map((row) => (key === 'outcome' ? outcomeOf(row) : row[key])));
      if (filter[key]) values.add(filter[key]);
      return [key, [...values].filter(Boolean).sort()];
    }),
  );
}

const newest = (one, other) => compare(other.started_at, one.started_at) || compare(other.id, one.id);
const orphaned = (row) => amount(row.orphaned_usd ?? row.orphaned_so_far_usd) ?? 0;
const length = (row, now) => (moment(row.finished_at ?? row.settled_at) ?? now) - moment(row.started_at);

const ORDERS = {
  newest,
  orphans: (one, other) => isOrphanedNow(other) - isOrphanedNow(one) || isOrphan(other) - isOrphan(one) || newest(one, other),
  dearest: (one, other) => orphaned(other) - orphaned(one) || newest(one, other),
  longest: (one, other, now) => length(other, now) - length(one, now) || newest(one, other),
};

function compare(one, other) {
  return one < other ? -1 : one > other ? 1 : 0;
}
