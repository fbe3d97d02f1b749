// What a screen reader is told of calls that became orphans. Pure. Not more often than every few seconds, and then of all at once.

import { plural } from './formats.mjs';
import { isOrphanedNow } from './layout.mjs';

export const QUIET_MILLISECONDS = 5000;
const NAMED = 2;

export const SILENCE = Object.freeze({ known: new Set(), waiting: [], saidAt: -Infinity });

/** The news after a look at the model: what has not been said waits until it is time. `sentence` is null when nothing is said. */
export function heard(news, model, at) {
  const orphans = [...model.calls.values()].filter(isOrphanedNow);
  const waiting = [...news.waiting, ...orphans.filter((row) => !news.known.has(row.id))];
  const known = new Set(orphans.map((row) => row.id));
  if (!waiting.length || at - news.saidAt < QUIET_MILLISECONDS) return { news: { ...news, known, waiting }, sentence: null };
  return { news: { known, waiting: [], saidAt: at }, sentence: sentenceOf(waiting) };
}

function sentenceOf(rows) {
  const named = rows.slice(0, NAMED).map((row) => `${row.caller ?? 'a caller without a name'}, ${row.model}`);
  const rest = rows.length > NAMED ? `, and ${rows.length - NAMED} more` : '';
  return `${plural(rows.length, 'new orphan')}: ${named.join('; ')}${rest}.`;
}
