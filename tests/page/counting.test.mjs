import assert from 'node:assert/strict';
import test from 'node:test';

import { shownAt, started, told } from '../../sidecar/control/page/counting.mjs';

test('an amount counts up to what was told, and no further', () => {
  const counting = told(started(1, 0), 2, 500);
  assert.deepEqual([500, 750, 1000, 9000].map((at) => shownAt(counting, at)), [1, 1.5, 2, 2]);
});

test('a long silence is not made up for slowly', () => assert.equal(shownAt(told(started(1, 0), 2, 60_000), 61_000), 2));

test('an amount that was corrected downwards is so at once', () => assert.equal(shownAt(told(started(5, 0), 2, 500), 500), 2));

test('nothing is not zero', () => {
  assert.equal(shownAt(told(null, null, 0), 0), null);
  assert.equal(told(started(1, 0), null, 10), null);
  assert.equal(shownAt(told(null, 3, 0), 0), 3);
});

test('being told the same again does not begin anew', () => {
  const counting = told(started(1, 0), 2, 500);
  assert.equal(told(counting, 2, 600), counting);
});
