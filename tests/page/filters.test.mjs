import assert from 'node:assert/strict';
import test from 'node:test';

import { NOTHING, choices, fromFragment, isNarrow, matches, shown, toFragment } from '../../sidecar/control/page/filters.mjs';

const call = (id, more = {}) => ({ id, caller: `caller-${id}`, model: 'gemini-2.5-pro', upstream: 'gemini', kind: 'stream', started_at: `2026-11-21T10:00:0${id}Z`, ...more });
const orphan = call('2', { orphaned_since: '2026-11-21T10:00:03Z', attachment: 'orphaned' });
const done = call('1', { outcome: 'orphan_finished', orphaned_usd: '0.5', finished_at: '2026-11-21T10:00:09Z' });
const model = { now: Date.parse('2026-11-21T10:00:20Z'), calls: new Map([['2', orphan], ['3', call('3')]]), recent: [done, call('2', { outcome: 'delivered' })] };
const ids = (filter) => shown(model, { ...NOTHING, ...filter }).map((row) => row.id);

test('a filter survives the address, and nothing needs no address', () => {
  const filter = { ...NOTHING, text: 'a & b #1', orphans: true, model: 'x', sort: 'dearest' };
  assert.deepEqual(fromFragment(`#${toFragment(filter)}`), filter);
  assert.equal(toFragment(NOTHING), '');
  assert.deepEqual(fromFragment('#sort=evil&unknown=1'), NOTHING);
});

test('a call is shown once, and as in flight while it is', () => assert.deepEqual(ids({}), ['3', '2', '1']));

test('only orphans are those in flight and those that have settled', () => assert.deepEqual(ids({ orphans: true }), ['2', '1']));

test('text is looked for in whatever can be read', () => {
  assert.deepEqual(ids({ text: 'CALLER-3' }), ['3']);
  assert.deepEqual(ids({ text: 'orphan_fin' }), ['1']);
  assert.ok(matches({ ...orphan, caller: null }, { ...NOTHING, text: 'pro' }));
});

test('answers of one socket are found by its number or its id, and by their kind', () => {
  const socket = 'c019a9f3c1b2e-7f3a01c2-0001f';
  const answers = { ...model, recent: [call('7', { kind: 'live', socket, outcome: 'delivered' }), call('8', { kind: 'live', socket: 'c0-1-00002', outcome: 'delivered' })] };
  const found = (filter) => shown(answers, { ...NOTHING, ...filter }).map((row) => row.id);
  assert.deepEqual(found({ text: 'live 31' }), ['7']);
  assert.deepEqual(found({ text: socket }), ['7']);
  assert.deepEqual(found({ kind: 'live' }), ['8', '7']);
  assert.deepEqual(choices(answers, NOTHING).kind, ['live', 'stream']);
});

test('in flight is an outcome that can be chosen', () => {
  assert.deepEqual(ids({ outcome: 'in_flight' }), ['3', '2']);
  assert.deepEqual(choices(model, NOTHING).outcome, ['delivered', 'in_flight', 'orphan_finished']);
  assert.deepEqual(choices(model, { ...NOTHING, model: 'gone' }).model, ['gemini-2.5-pro', 'gone']);
});

test('orders', () => {
  assert.deepEqual(ids({ sort: 'orphans' }), ['2', '1', '3']);
  assert.deepEqual(ids({ sort: 'dearest' }), ['1', '3', '2']);
  assert.deepEqual(ids({ sort: 'longest' }), ['2', '3', '1']);
});

test('an order hides nothing', () => {
  assert.ok(!isNarrow({ ...NOTHING, sort: 'dearest', span: '60' }));
  assert.ok(isNarrow({ ...NOTHING, text: 'a' }));
});
