// Where things stand on the time line. Pure: moments in milliseconds, places as fractions of the lane's width.

import { moment } from './formats.mjs';

/** Spans of time that the line can show, in seconds, and the distance of its marks. */
export const SPANS = [
  { seconds: 15, step: 5 },
  { seconds: 30, step: 10 },
  { seconds: 60, step: 15 },
  { seconds: 120, step: 30 },
  { seconds: 300, step: 60 },
  { seconds: 600, step: 120 },
  { seconds: 1800, step: 300 },
  { seconds: 3600, step: 600 },
];
/** Part of the lane right of now: the end of a bar that grows must be seen, not guessed. */
export const MARGIN = 0.02;
const ROOM = 1.15;

/** The shortest span that holds the oldest of these calls whole; keeps `current` while that is not much too long. */
export function spanFor(rows, now, current = SPANS[1]) {
  const oldest = rows.reduce((first, row) => Math.min(first, moment(row.started_at) ?? now), now);
  const needed = ((now - oldest) / 1000) * ROOM;
  const fitting = SPANS.find((span) => span.seconds >= Math.max(needed, SPANS[1].seconds)) ?? SPANS.at(-1);
  const isTooLong = current.seconds > fitting.seconds * 2;
  return current.seconds >= fitting.seconds && !isTooLong ? current : fitting;
}

/** The place of a moment: 0 is the left edge, 1 the right one. May be outside. */
export function place(at, now, spanSeconds) {
  return (1 - MARGIN) * (1 - (now - at) / (spanSeconds * 1000));
}

/** The marks of the axis: seconds before now, and where. */
export function ticks(span) {
  const marks = [];
  for (let seconds = 0; seconds < span.seconds; seconds += span.step) marks.push({ seconds, at: place(-seconds * 1000, 0, span.seconds) });
  return marks;
}

/** Whether nobody was there for what the provider did after the caller left. */
export function isOrphan(row) {
  return Boolean(row.orphaned_since) || row.attachment === 'orphaned' || /^orphan_/.test(row.outcome ?? '');
}

/** Whether the call's caller is gone, and the provider is still at work for it. */
export function isOrphanedNow(row) {
  return !row.outcome && isOrphan(row) && !row.finished_at && !row.taken_by;
}

/**
 * The parts of a call's life as moments: `from` it waited until `answered`, was answered until `left` (or the end), and went on for
 * nobody until `end`. What has not happened is null; `isOpen` says that the provider is at work, so that `end` is now.
 */
export function lifeOf(row, now) {
  const [from, answered, left] = [row.started_at, row.answered_at, row.left_at ?? row.orphaned_since].map(moment);
  const finished = moment(row.finished_at) ?? (row.settled_at ? moment(row.settled_at) : null);
  const end = Math.max(from, finished ?? now);
  const attachedUntil = left === null ? end : Math.min(left, end);
  return {
    from,
    answered: answered === null ? null : Math.min(answered, end),
    left: left === null ? null : Math.min(left, end),
    attachedUntil,
    end,
    isOpen: finished === null,
    hasTail: left !== null && end > left && (isOrphan(row) || Boolean(row.taken_by) || row.outcome === 'rescued'),
    isSaved: Boolean(row.taken_by) || row.outcome === 'rescued',
  };
}

/** The segments of a bar as places, those outside of the lane left out and the others cut to it. */
export function barOf(life, now, spanSeconds) {
  const at = (when) => place(when, now, spanSeconds);
  const answered = Math.min(life.answered ?? life.attachedUntil, life.attachedUntil);
  return {
    wait: segment(at(life.from), at(answered)),
    work: life.answered === null ? null : segment(at(answered), at(life.attachedUntil)),
    tail: life.hasTail ? segment(at(life.attachedUntil), at(life.end)) : null,
    left: life.left === null ? null : mark(at(life.left)),
    end: life.isOpen ? null : mark(at(life.end)),
    isPast: at(life.end) < 0,
  };
}

function segment(from, to) {
  const [start, end] = [Math.max(0, from), Math.min(1, to)];
  return end <= 0 || start >= 1 || end < start ? null : { start, width: end - start };
}

function mark(at) {
  return at < 0 || at > 1 ? null : at;
}

/** Which rows of a long list are to be drawn: those in sight and a few around, so that the keyboard finds its next row. */
export function rowsInSight(count, rowHeight, scrolled, height, around = 6) {
  const first = Math.max(0, Math.floor(scrolled / rowHeight) - around);
  const end = Math.min(count, Math.ceil((scrolled + height) / rowHeight) + around);
  return { first: Math.min(first, end), end };
}

/** Where a list must be scrolled to, so that a row can be seen; as it is where it can be. */
export function scrollFor(index, rowHeight, scrolled, height) {
  const [top, bottom] = [index * rowHeight, (index + 1) * rowHeight];
  if (top < scrolled) return top;
  return bottom > scrolled + height ? bottom - height : scrolled;
}
