import assert from 'node:assert/strict';
import test from 'node:test';

import { EventReader } from '../../sidecar/control/page/sse.mjs';

const TEXT = ': heartbeat\n\nevent: snapshot\ndata: {"a":\ndata: 1}\n\nevent: changes\r\ndata: {}\r\n\r\ndata:x\r\rid: 7\n\n';
const EVENTS = [{ event: 'snapshot', data: '{"a":\n1}' }, { event: 'changes', data: '{}' }, { event: 'message', data: 'x' }];

test('events are the same however the text is cut', () => {
  for (let cut = 0; cut <= TEXT.length; cut += 1) {
    const reader = new EventReader();
    assert.deepEqual([...reader.feed(TEXT.slice(0, cut)), ...reader.feed(TEXT.slice(cut))], EVENTS, `cut at ${cut}`);
  }
});

test('an event that is not complete is not told', () => assert.deepEqual(new EventReader().feed('data: 1\n'), []));
