import assert from 'node:assert/strict';
import test from 'node:test';

import { EMPTY, MOST_ENDED, MOST_RECENT, withChanges, withEndedOperation, withSnapshot } from '../../sidecar/control/page/merging.mjs';

const NOW = '2026-11-21T10:00:00.000000Z';
const call = (id, more = {}) => ({ id, started_at: NOW, ...more });
const settled = (id, at) => call(id, { settled_at: `2026-11-21T10:00:0${at}Z`, outcome: 'delivered' });
const base = withSnapshot(EMPTY, { state: { now: NOW, mode: 'observe' }, calls: [call('a'), call('b')], operations: [{ id: 'o', state: 'running' }], recent: [settled('r', 1)] });

test('a snapshot replaces what was known', () => {
  const next = withSnapshot(base, { state: { now: NOW, mode: 'enforce' }, calls: [call('c')], operations: [], recent: [] });
  assert.deepEqual([...next.calls.keys()], ['c']);
  assert.equal(next.state.mode, 'enforce');
  assert.deepEqual(next.recent, []);
});

test('changes touch only what they speak of', () => {
  const next = withChanges(base, { now: NOW, calls: { b: call('b', { left_at: NOW }) } });
  assert.equal(next.calls.get('b').left_at, NOW);
  assert.equal(next.calls.get('a'), base.calls.get('a'));
  assert.equal(next.operations, base.operations);
  assert.equal(next.recent, base.recent);
  assert.equal(base.calls.get('b').left_at, undefined, 'a model is never changed');
});

test('a call that settles is in flight no more, the newest first', () => {
  const next = withChanges(base, { now: NOW, calls_gone: ['a'], settled: [settled('a', 3), settled('b', 2)] });
  assert.equal(next.calls.size, 0);
  assert.deepEqual(next.recent.map((row) => row.id), ['a', 'b', 'r']);
});

test('a call that settles twice, as after a correction, is there once, with its newest row', () => {
  const next = withChanges(base, { now: NOW, settled: [{ ...settled('r', 1), outcome: 'rescued' }] });
  assert.deepEqual(next.recent.map((row) => row.outcome), ['rescued']);
});

test('the state is changed key by key', () => {
  const next = withChanges(base, { now: NOW, state: { exposure_usd: '0.1' } });
  assert.deepEqual(next.state, { now: NOW, mode: 'observe', exposure_usd: '0.1' });
});

test('an operation that is gone stays to be seen, and its end is added', () => {
  const next = withChanges(base, { now: NOW, operations_gone: ['o'] });
  assert.equal(next.operations.size, 0);
  assert.equal(next.ended[0].id, 'o');
  assert.equal(withEndedOperation(next, { id: 'o', outcome: 'cancelled' }).ended[0].outcome, 'cancelled');
  assert.deepEqual(withSnapshot(next, { operations: [{ id: 'o', state: 'running' }] }).ended, []);
});

test('settled calls and ended operations are bounded', () => {
  const many = Array.from({ length: MOST_RECENT + 50 }, (_, number) => settled(`s${number}`, 4));
  assert.equal(withChanges(base, { now: NOW, settled: many }).recent.length, MOST_RECENT);
  const ids = Array.from({ length: MOST_ENDED + 5 }, (_, number) => `o${number}`);
  const open = withSnapshot(EMPTY, { operations: ids.map((id) => ({ id })) });
  assert.equal(withChanges(open, { operations_gone: ids }).ended.length, MOST_ENDED);
});
