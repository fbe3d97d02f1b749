import assert from 'node:assert/strict';
import test from 'node:test';

import { RANGES, USUAL, columns, queryOf, sums } from '../../sidecar/control/page/spend.mjs';

const ROWS = [{ at: '2026-11-21T10:00:00Z', spend_usd: '0.5', orphaned_usd: '0.2', calls: 3 }, { at: '2026-11-21T10:01:00Z', spend_usd: '0', orphaned_usd: '0', calls: 0 }];

test('rows become columns of numbers', () => assert.deepEqual(columns(ROWS), [[1795255200, 1795255260], [0.5, 0], [0.2, 0]]));

test('sums', () => assert.deepEqual(sums(ROWS), { spend: 0.5, orphaned: 0.2, calls: 3 }));

test('a range asks for whole steps, the last of which is under way', () => {
  for (const second of ['00', '07', '14.999']) {
    assert.equal(queryOf(USUAL, Date.parse(`2026-11-21T10:15:${second.padStart(2, '0')}Z`)), 'spend?since=2026-11-21T10%3A00%3A15.000Z&step=15');
  }
  for (const range of RANGES) assert.ok(range.seconds / range.step <= 1000);
});
