import assert from 'node:assert/strict';
import { afterEach, beforeEach, test } from 'node:test';
import { connect, Problem } from '../../main/client/antiphon.js';
import { gateway, until } from './support/gateway.js';

let server;
let chat;

beforeEach(async () => {
  server = await gateway();
});

afterEach(() => {
  chat?.close();
  server.close();
});

function open(options = {}) {
  chat = connect({ baseUrl: server.url, session: 's1', user: 'u1', ...options });
  return chat;
}

const stream = (index = 0) => until(() => server.streams[index]);
const chunk = (id, chunk_id, text) => ({ message_id: id, chunk_id, chunk: text, is_final: false });

test('aMessageIsSentAndAnswered', async () => {
  const ended = [];
  open({ onComplete: (message) => ended.push(message.answer) });
  const message = await chat.send('Hello');
  assert.deepEqual(JSON.parse(server.posts[0].body), {
    session_id: 's1',
    user_id: 'u1',
    message: 'Hello',
    message_id: message.id,
  });
  const live = await stream();
  live.event('s1', 'connected', null, {});
  live.event('s1', 'message', '1-0', { message_id: message.id, text: 'Hello', parent_id: null });
  live.event('s1', 'chunk', '1-1', chunk(message.id, 0, 'Hi'));
  live.event('s1', 'message_complete', '1-2', { message_id: message.id, token_count: 1, finish_reason: 'stop' });
  await until(() => ended.length === 1);
  assert.deepEqual(ended, ['Hi']);
  assert.equal(chat.connection, 'open');
  assert.equal(chat.snapshot().cursor, '1-2');
});

test('aMessageThatIsSentAtOnceIsSentOnce', async () => {
  await open().send('first thing');
  await stream();
  assert.equal(server.posts.length, 1);
});

test('aRetryIsTheSameToTheByte', async () => {
  server.answer = (count) => [count < 3 ? 503 : 202, {}];
  await open().send('again and again');
  assert.equal(server.posts.length, 3);
  assert.equal(new Set(server.posts.map(({ body }) => body)).size, 1);
});

test('aMessageThatIsRefusedHasFailedAndCanBeOfferedAgain', async () => {
  server.answer = () => [400, {}];
  open();
  await assert.rejects(chat.send('no'), (problem) => problem instanceof Problem && problem.status === 400);
  const [message] = chat.messages;
  assert.equal(message.state, 'failed');
  server.answer = () => [202, {}];
  await chat.retry(message.id);
  assert.equal(message.state, 'accepted');
  assert.equal(server.posts[0].body, server.posts[1].body);
});

test('aSnapshotContinuesAtItsCursorAndSendsWhatWasNotSent', async () => {
  server.answer = () => [503, {}];
  open();
  chat.send('unsent').catch(() => {});
  const live = await stream();
  live.event('s1', 'message', '1-0', { message_id: 'm1', text: 'Hello', parent_id: null });
  live.event('s1', 'chunk', '1-1', chunk('m1', 0, 'Hel'));
  await until(() => chat.message('m1')?.answer === 'Hel');
  const snapshot = JSON.parse(JSON.stringify(chat.snapshot()));
  const [{ body }] = server.posts;
  chat.close();

  const offered = server.posts.length;
  server.answer = () => [202, {}];
  open({ snapshot });
  const next = await stream(1);
  assert.deepEqual(next.cursors, { s1: '1-1' });
  next.event('s1', 'chunk', '1-2', chunk('m1', 1, 'lo'));
  await until(() => chat.message('m1').answer === 'Hello');
  await until(() => server.posts.length > offered);
  assert.equal(server.posts.at(-1).body, body);
});

test('aSnapshotOfAnotherSessionIsIgnored', () => {
  const snapshot = { version: 2, session: 'other', user: 'u1', cursor: '9-9', messages: [], unsent: [] };
  assert.equal(open({ snapshot }).snapshot().cursor, null);
});

test('aResyncReplacesTheConversation', async () => {
  let drawn = 0;
  open({ onResync: () => drawn++ });
  const live = await stream();
  live.event('s1', 'resync', '5-0', {
    reason: 'trimmed',
    cursor: '5-0',
    messages: [{ message_id: 'm1', text: 'Hello', answer: 'Hi', parent_id: null }],
  });
  await until(() => drawn === 1);
  assert.deepEqual(
    chat.messages.map(({ text, answer, state }) => [text, answer, state]),
    [['Hello', 'Hi', 'complete']],
  );
  assert.equal(chat.snapshot().cursor, '5-0');
});

test('aClosedConversationIsSilent', async () => {
  const heard = [];
  open({ onMessage: (message) => heard.push(message.state) });
  const sent = chat.send('Hello');
  chat.close();
  await sent;
  assert.deepEqual(heard, ['sending']);
  assert.equal(chat.connection, 'closed');
});

test('anUnknownMessageIsAnErrorWithItsName', async () => {
  open();
  await assert.rejects(chat.retry('m9'), /m9/);
  assert.deepEqual(chat.alternatives('m9'), []);
});
