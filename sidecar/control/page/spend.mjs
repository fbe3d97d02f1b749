// The rows of /api/spend as columns that can be drawn. Pure.

import { amount, moment } from './formats.mjs';

/** What the chart can show: lengths and steps in seconds. */
export const RANGES = [
  { name: '5min', title: 'last 5 min', seconds: 300, step: 5 },
  { name: '15min', title: 'last 15 min', seconds: 900, step: 15 },
  { name: 'hour', title: 'last hour', seconds: 3600, step: 60 },
  { name: 'day', title: 'last day', seconds: 86_400, step: 1800 },
  { name: 'week', title: 'last week', seconds: 604_800, step: 10_800 },
];

/** What is shown at first. */
export const USUAL = RANGES[1];

/** `[at, delivered + orphaned, orphaned]`: stacked, seconds since the epoch. The whole is drawn first, the orphaned part over it. */
export function columns(rows) {
  return [rows.map((row) => moment(row.at) / 1000), rows.map((row) => amount(row.spend_usd) ?? 0), rows.map((row) => amount(row.orphaned_usd) ?? 0)];
}

/** What the rows come to: dollars. */
export function sums(rows) {
  const of = (name) => rows.reduce((sum, row) => sum + (amount(row[name]) ?? 0), 0);
  return { spend: of('spend_usd'), orphaned: of('orphaned_usd'), calls: of('calls') };
}

/** The query of a range that ends now. Its steps begin at whole multiples of a step, so that a bar holds the same calls each time. */
export function queryOf(range, now) {
  const step = range.step * 1000;
  const since = (Math.floor((now - range.seconds * 1000) / step) + 1) * step;
  return `spend?since=${encodeURIComponent(new Date(since).toISOString())}&step=${range.step}`;
}
