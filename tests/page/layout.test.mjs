import assert from 'node:assert/strict';
import test from 'node:test';

import { MARGIN, SPANS, barOf, isOrphanedNow, lifeOf, place, rowsInSight, scrollFor, spanFor, ticks } from '../../sidecar/control/page/layout.mjs';

const START = Date.parse('2026-11-21T10:00:00Z');
const at = (seconds) => (seconds === null ? null : new Date(START + seconds * 1000).toISOString());
const call = ({ left = null, answered = null, finished = null, settled = null, outcome } = {}) => ({
  id: 'c', started_at: at(0), answered_at: at(answered), left_at: at(left), finished_at: at(finished), settled_at: at(settled), outcome,
  orphaned_since: outcome ? undefined : at(left), attachment: outcome ? undefined : left === null ? 'attached' : 'orphaned',
});
const bar = (row, seconds, span = 10) => barOf(lifeOf(row, START + seconds * 1000), START + seconds * 1000, span);

test('now is near the right edge, one span before it is the left edge', () => {
  assert.equal(place(START, START, 30), 1 - MARGIN);
  assert.equal(place(START - 30_000, START, 30), 0);
});

test('an orphan has two parts and one mark, and its tail grows', () => {
  const row = call({ left: 2, answered: 1 });
  const [early, late] = [bar(row, 4), bar(row, 6)];
  assert.ok(late.tail.width > early.tail.width * 1.9);
  assert.equal(late.work.start + late.work.width, late.tail.start);
  assert.equal(late.left, late.tail.start);
  assert.equal(late.end, null, 'the provider has not finished');
});

test('an orphan that has finished has both marks, and grows no more', () => {
  const row = call({ left: 2, answered: 1, finished: 5, settled: 7, outcome: 'orphan_finished' });
  const [one, other] = [bar(row, 8), bar(row, 9)];
  assert.ok(Math.abs(one.tail.width - other.tail.width) < 1e-9);
  assert.ok(one.left < one.end);
});

test('an orphan that was cut ends where it was settled', () => {
  assert.equal(lifeOf(call({ left: 2, settled: 3, outcome: 'orphan_cut' }), START + 9000).end, START + 3000);
});

test('a caller that leaves before the answer begins leaves no part with an answer', () => {
  const drawn = bar(call({ left: 2, answered: 4 }), 6);
  assert.equal(drawn.wait.start + drawn.wait.width, drawn.tail.start);
  assert.equal(drawn.work.width, 0);
});

test('who leaves after the end has a mark and no tail', () => {
  const drawn = bar(call({ left: 6, answered: 1, finished: 5, settled: 6, outcome: 'undelivered' }), 7);
  assert.equal(drawn.tail, null);
});

test('a bar that began before the lane is cut to it, and one that ended before it is past', () => {
  assert.equal(bar(call({ answered: 1 }), 60).wait, null);
  assert.equal(bar(call({ answered: 1 }), 60).work.start, 0);
  assert.ok(bar(call({ answered: 1, finished: 2, settled: 2, outcome: 'delivered' }), 60).isPast);
});

test('orphaned now is whose provider is still at work for nobody', () => {
  assert.ok(isOrphanedNow(call({ left: 2 })));
  assert.ok(!isOrphanedNow(call({ left: 2, finished: 3 })));
  assert.ok(!isOrphanedNow(call({ left: 2, finished: 3, settled: 3, outcome: 'orphan_finished' })));
  assert.ok(!isOrphanedNow({ ...call({ left: 2 }), taken_by: 'd' }));
});

test('the span holds the oldest call, does not jump back at once, and ends with an hour', () => {
  const now = START + 100_000;
  assert.equal(spanFor([call()], now, SPANS[0]).seconds, 120);
  assert.equal(spanFor([call()], START + 50_000, SPANS[3]).seconds, 120);
  assert.equal(spanFor([], now, SPANS[3]).seconds, 30);
  assert.equal(spanFor([call()], START + 86_400_000).seconds, 3600);
});

test('the axis begins at now', () => assert.deepEqual(ticks(SPANS[1]).map((tick) => tick.seconds), [0, 10, 20]));

test('only rows in sight and a few around are drawn', () => {
  assert.deepEqual(rowsInSight(1000, 30, 3000, 600), { first: 94, end: 126 });
  assert.deepEqual(rowsInSight(3, 30, 0, 600), { first: 0, end: 3 });
  assert.deepEqual(rowsInSight(0, 30, 900, 600), { first: 0, end: 0 });
});

test('a list is scrolled no further than needed', () => {
  assert.equal(scrollFor(5, 30, 0, 600), 0);
  assert.equal(scrollFor(30, 30, 0, 600), 330);
  assert.equal(scrollFor(2, 30, 300, 600), 60);
});
