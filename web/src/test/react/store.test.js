import assert from 'node:assert/strict';
import { afterEach, beforeEach, test } from 'node:test';
import { ChatStore } from '../../main/react/store.js';
import { gateway, until } from '../client/support/gateway.js';

let server;
let store;
let changes;
let unsubscribe;

beforeEach(async () => {
  server = await gateway();
  store = new ChatStore({ baseUrl: server.url, session: 's1', user: 'u1' });
  changes = 0;
  unsubscribe = store.subscribe(() => changes++);
});

afterEach(() => {
  unsubscribe();
  server.close();
});

const stream = (index = 0) => until(() => server.streams[index]);
const chunk = (id, chunk_id, text, more = {}) => ({ message_id: id, chunk_id, chunk: text, is_final: false, ...more });

test('theStateIsTheSameObjectUntilSomethingChanges', async () => {
  const before = store.state();
  assert.equal(store.state(), before);
  const sent = store.send('Hello');
  assert.notEqual(store.state(), before);
  assert.ok(changes > 0);
  assert.equal(await sent, true);
});

test('messagesThatDidNotChangeStayTheSameObjects', async () => {
  const live = await stream();
  live.event('s1', 'message', '1-0', { message_id: 'm1', text: 'one', parent_id: null });
  live.event('s1', 'message', '1-1', { message_id: 'm2', text: 'two', parent_id: 'm1' });
  await until(() => store.state().messages.length === 2);
  const [first, second] = store.state().messages;
  live.event('s1', 'chunk', '1-2', chunk('m2', 0, 'Hi'));
  await until(() => store.state().messages[1].answer === 'Hi');
  assert.equal(store.state().messages[0], first);
  assert.notEqual(store.state().messages[1], second);
  assert.equal(second.answer, '');
});

test('aStateDoesNotChangeWhenTheLogDoes', async () => {
  const live = await stream();
  const reasoning = (number, text) => chunk('m1', number, '', { chunk_type: 'reasoning', metadata: { text } });
  live.event('s1', 'chunk', '1-0', reasoning(0, 'I '));
  await until(() => store.state().messages[0]?.step);
  const before = store.state();
  const copy = structuredClone(before.messages);
  live.event('s1', 'chunk', '1-1', reasoning(1, 'think'));
  await until(() => store.state() !== before);
  assert.deepEqual(before.messages, copy);
  assert.equal(store.state().messages[0].steps[0].text, 'I think');
});

test('theStatusSaysWhatTheConversationDoes', async () => {
  const live = await stream();
  assert.equal(store.state().status, 'ready');
  await store.send('Hello');
  assert.equal(store.state().status, 'sending');
  const [{ id }] = store.state().messages;
  live.event('s1', 'message', '1-0', { message_id: id, text: 'Hello', parent_id: null });
  live.event('s1', 'chunk', '1-1', chunk(id, 0, 'Hi'));
  await until(() => store.state().status === 'answering');
  const metadata = { status: 'interrupt', interrupt: { question: 'Which?' } };
  live.event('s1', 'chunk', '1-2', chunk(id, 1, '', { chunk_type: 'status', metadata }));
  await until(() => store.state().status === 'asking');
  assert.equal(await store.answer('This'), true);
  assert.deepEqual(JSON.parse(server.posts.at(-1).body), {
    session_id: 's1',
    user_id: 'u1',
    answer: 'This',
    chunk_id: 1,
  });
  assert.equal(await store.stop(), true);
  assert.equal(server.posts.at(-1).path, `/api/messages/${id}/cancel`);
  live.event('s1', 'message_complete', '1-3', { message_id: id, finish_reason: 'cancelled' });
  await until(() => store.state().status === 'ready');
  assert.equal(await store.stop(), false);
  assert.equal(await store.answer('nobody asked'), false);
});

test('anErrorIsInTheStateUntilTheNextCall', async () => {
  server.answer = () => [400, {}];
  assert.equal(await store.send('no'), false);
  assert.equal(store.state().error.status, 400);
  const [{ id, state }] = store.state().messages;
  assert.equal(state, 'failed');
  server.answer = () => [202, {}];
  assert.equal(await store.retry(id), true);
  assert.equal(store.state().error, null);
});

test('aRefusedSessionIsAStatusAndCanBeOpenedAgain', async () => {
  unsubscribe();
  server.refuse = () => 403;
  unsubscribe = store.subscribe(() => changes++);
  await until(() => store.state().status === 'refused');
  assert.equal(store.state().error.status, 403);
  server.refuse = () => null;
  store.reconnect();
  await until(() => server.open().length === 1);
  assert.equal(store.state().error, null);
});

test('openedAgainItContinuesAtItsCursor', async () => {
  const live = await stream();
  live.event('s1', 'message', '1-0', { message_id: 'm1', text: 'one', parent_id: null });
  await until(() => store.state().messages.length === 1);
  unsubscribe();
  await until(() => server.open().length === 0);
  assert.deepEqual(store.state().messages, []);
  unsubscribe = store.subscribe(() => changes++);
  assert.equal(store.state().messages[0].text, 'one');
  const next = await until(() => server.open()[0]);
  assert.deepEqual(next.cursors, { s1: '1-0' });
});
