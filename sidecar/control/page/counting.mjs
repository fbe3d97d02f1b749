// Amounts that count up between what the server says. Pure. Shown is never more than what was told: the page runs towards the newest
// estimate and stops there.

const LONGEST = 1000;

/** An amount as it is shown: `from` at the moment `since`, `to` when `over` milliseconds have passed. */
export function started(value, at) {
  return { from: value, to: value, since: at, over: 0, toldAt: at };
}

/** The counting after the server has told a newer value. It takes as long as the server took, and a second at most. */
export function told(counting, value, at) {
  if (counting === null || value === null || counting.to === null) return value === null ? null : started(value, at);
  if (value === counting.to) return counting;
  const from = Math.min(shownAt(counting, at), value);
  return { from, to: value, since: at, over: Math.min(LONGEST, Math.max(0, at - counting.toldAt)), toldAt: at };
}

/** What is shown at a moment; null where nothing is known. */
export function shownAt(counting, at) {
  if (counting === null) return null;
  const part = counting.over <= 0 ? 1 : Math.min(1, Math.max(0, (at - counting.since) / counting.over));
  return counting.from + (counting.to - counting.from) * part;
}
