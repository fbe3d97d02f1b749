import assert from 'node:assert/strict';
import test from 'node:test';

import { QUIET_MILLISECONDS, SILENCE, heard } from '../../sidecar/control/page/news.mjs';

const orphan = (id) => [id, { id, caller: id, model: 'm', orphaned_since: 'then', attachment: 'orphaned' }];
const model = (...ids) => ({ calls: new Map(ids.map(orphan)) });

test('a new orphan is said once', () => {
  const first = heard(SILENCE, model('a'), 0);
  assert.equal(first.sentence, '1 new orphan: a, m.');
  assert.equal(heard(first.news, model('a'), 60_000).sentence, null);
});

test('what comes soon after waits, and is said together', () => {
  const first = heard(SILENCE, model('a'), 0);
  const soon = heard(first.news, model('a', 'b', 'c', 'd'), 1000);
  assert.equal(soon.sentence, null);
  assert.equal(heard(soon.news, model('a'), QUIET_MILLISECONDS).sentence, '3 new orphans: b, m; c, m, and 1 more.');
});
