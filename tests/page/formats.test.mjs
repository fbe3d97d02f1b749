import assert from 'node:assert/strict';
import test from 'node:test';

import { ago, amount, countdown, duration, moment, share, total, usd } from '../../sidecar/control/page/formats.mjs';

test('what is not known is never written as zero', () => {
  for (const unknown of [null, undefined, '']) assert.equal(usd(unknown), '–');
  assert.equal(amount('nonsense'), null);
  assert.equal(duration(null), '–');
  assert.equal(total(null), '–');
});

test('small amounts keep their digits, large ones lose them', () => {
  assert.equal(usd('0.002505'), '$0.002505');
  assert.equal(usd('1.5'), '$1.5000');
  assert.equal(usd('12345.678'), '$12,345.68');
});

test('known to be nothing is a plain zero', () => assert.equal(usd('0'), '$0'));

test('an estimate is marked', () => assert.equal(usd('0.01', { isEstimate: true }), '~$0.010000'));

test('a sum of nothing is a plain zero, a tiny sum is not rounded to it', () => {
  assert.equal(total('0'), '$0');
  assert.equal(total('0.000012'), '$0.000012');
  assert.equal(total('0.023325'), '$0.0233');
});

test('a share that is small is not nothing', () => {
  assert.equal(share(0.001, 1), '<1%');
  assert.equal(share(0.39, 1), '39%');
  assert.equal(share(0, 0), '');
});

test('durations change their unit with their length', () => {
  assert.deepEqual([0, 4.25, 99.9, 185, 7440, 180_000].map(duration), ['0.0 s', '4.3 s', '99.9 s', '3 min 05 s', '2 h 04 min', '2 d 2 h']);
});

test('a lease counts whole seconds, and says nothing below zero', () => {
  assert.deepEqual([-3, 0.2, 41.5, 3725].map(countdown), ['0:00', '0:01', '0:42', '1:02:05']);
});

test('ago is one unit', () => assert.deepEqual([0, 59, 61, 7300, 200_000].map(ago), ['now', '59 s ago', '1 min ago', '2 h ago', '2 d ago']));

test('moments keep their microseconds', () => {
  const parted = moment('2026-11-21T10:00:00.123456Z') - moment('2026-11-21T10:00:00.123Z');
  assert.ok(Math.abs(parted - 0.456) < 0.001); // as exact as a number of this size can be
  assert.equal(moment(null), null);
  assert.equal(moment('soon'), null);
});
