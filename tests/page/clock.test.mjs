import assert from 'node:assert/strict';
import test from 'node:test';

import { ServerClock } from '../../sidecar/control/page/clock.mjs';

function clockAt(start) {
  const local = { now: start };
  return [local, new ServerClock(() => local.now)];
}

test('a server whose clock is hours away is followed', () => {
  const [local, clock] = clockAt(1000);
  assert.equal(clock.now(), null);
  clock.told(7_200_000);
  local.now += 500;
  assert.equal(clock.now(), 7_200_500);
});

test('a message that was late changes nothing', () => {
  const [local, clock] = clockAt(0);
  clock.told(10_000);
  local.now = 5000;
  clock.told(11_000); // made four seconds ago
  assert.equal(clock.now(), 15_000);
});

test('the time never goes back, and a reset lets it', () => {
  const [local, clock] = clockAt(0);
  clock.told(10_000);
  assert.equal(clock.now(), 10_000);
  for (let number = 0; number < 20; number += 1) clock.told(9000);
  assert.equal(clock.now(), 10_000);
  clock.reset();
  clock.told(4000);
  assert.equal(clock.now(), 4000);
});
