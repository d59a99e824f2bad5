import assert from 'node:assert/strict';
import { test } from 'node:test';
import { EventReader } from '../../main/client/streams.js';

const TEXT = 'event: chunk\nid: 1-2\ndata: {"chunk":"a: b"}\n\n: ping\n\nevent: list\ndata: {}\n\n';
const EVENTS = [
  { event: 'chunk', id: '1-2', data: '{"chunk":"a: b"}' },
  { event: 'list', data: '{}' },
];

test('eventsAreTheSameWhereverTheNetworkCutsThem', () => {
  for (let at = 0; at <= TEXT.length; at++) {
    const reader = new EventReader();
    assert.deepEqual([...reader.read(TEXT.slice(0, at)), ...reader.read(TEXT.slice(at))], EVENTS, `cut at ${at}`);
  }
});

test('anEventIsGivenOnceItIsCompleteAndNotBefore', () => {
  const reader = new EventReader();
  assert.deepEqual(reader.read('event: chunk\ndata: {}\n'), []);
  assert.deepEqual(reader.read('\n'), [{ event: 'chunk', data: '{}' }]);
  assert.deepEqual(reader.read(''), []);
});

test('commentsAreNoEvents', () => {
  assert.deepEqual(new EventReader().read(': ping\n\n: ping\n\n'), []);
});
