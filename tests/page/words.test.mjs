import assert from 'node:assert/strict';
import test from 'node:test';

import { decisionSentence, evidence, kindMeaning, kindWord, leftReason, openRoads, outcomeMeaning, outcomeWord, standing } from '../../sidecar/control/page/words.mjs';

test('a name that nobody knows is shown as it is', () => {
  assert.equal(outcomeWord('some_new_one'), 'some new one');
  assert.equal(leftReason('by_foot'), 'by foot');
  assert.equal(decisionSentence('think_twice'), 'think twice');
  assert.equal(outcomeMeaning(undefined), '');
});

test('a call in flight stands where it stands', () => {
  assert.equal(standing({}), 'waiting');
  assert.equal(standing({ answered_at: 'then' }), 'answering');
  assert.equal(standing({ orphaned_since: 'then' }), 'orphaned');
  assert.equal(standing({ orphaned_since: 'then', attachment: 'shelved', finished_at: 'then' }), 'waits for a retry');
  assert.equal(standing({ orphaned_since: 'then', taken_by: 'c' }), 'taken by a retry');
});

test('answers of one socket have its number, and other calls their kind alone', () => {
  const socket = 'c019a9f3c1b2e-7f3a01c2-0001f';
  assert.equal(kindWord({ kind: 'live', id: 'c2', socket }), 'live 31');
  assert.equal(kindWord({ kind: 'live', id: 'c2', socket: 'odd' }), 'live odd');
  assert.equal(kindWord({ kind: 'stream', id: 'c2', socket: null }), 'stream');
  assert.equal(kindMeaning({ kind: 'live', id: 'c2', socket }), `One answer of many in a socket. The first in its socket is ${socket}.`);
  assert.equal(kindMeaning({ kind: 'live', id: socket, socket }), 'One answer of many in a socket. The first in its socket is this one.');
  assert.equal(kindMeaning({ kind: 'unary' }), 'One answer, whole.');
  assert.equal(kindMeaning({ kind: 'some_new_one' }), '');
});

test('an answer whose caller may come back to its session is no lost one yet', () => {
  assert.equal(standing({ attachment: 'orphaned', answered_at: 'then', left_at: null }), 'may come back');
  assert.equal(leftReason('closed'), 'it closed the socket');
});

test('open sockets and tunnels are told where there are any', () => {
  assert.equal(openRoads(null), '');
  assert.equal(openRoads({ live_sockets: { gemini: 0 }, tunnels: 0 }), '');
  assert.equal(openRoads({ live_sockets: { gemini: 1, openai: 2 }, tunnels: 1 }), '3 sockets and 1 tunnel open');
  assert.equal(openRoads({ live_sockets: {}, tunnels: 2 }), '2 tunnels open');
});

test('the evidence of an operation is what was seen of its caller and of its cancel', () => {
  assert.equal(evidence({ state: 'running' }), 'its caller is thought to be there');
  assert.equal(evidence({ state: 'orphaned', gone_reason: 'process_exited' }), 'the process that opened it has ended');
  assert.equal(evidence({ state: 'cancelled', gone_reason: 'lease_lapsed', cancel_result: 'confirmed' }), 'nobody asked about it for its whole lease; the provider confirmed the cancel');
});
