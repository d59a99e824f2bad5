import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fromHistory, Messages, newMessage } from '../../main/client/messages.js';

const chunk = (id, chunk_id, text, more = {}) => ({ message_id: id, chunk_id, chunk: text, is_final: false, ...more });
const reset = (id, chunk_id, from) =>
  chunk(id, chunk_id, '', { chunk_type: 'reset', metadata: { from_chunk_id: from } });

function asked(...ids) {
  const messages = new Messages();
  ids.forEach((id) => messages.asked({ message_id: id, text: `text of ${id}`, parent_id: undefined }));
  return messages;
}

test('chunksAreTheAnswer', () => {
  const messages = asked('m1');
  messages.chunk(chunk('m1', 0, 'Hel'));
  const message = messages.chunk(chunk('m1', 1, 'lo', { is_final: true, metadata: { model: 'demo', tokens_used: 2 } }));
  assert.equal(message.answer, 'Hello');
  assert.equal(message.state, 'answering');
  messages.complete({ message_id: 'm1', token_count: 3, finish_reason: 'length' });
  assert.deepEqual(
    [message.state, message.model, message.tokens, message.finishReason, message.incomplete],
    ['complete', 'demo', 3, 'length', false],
  );
});

test('aReplayFromTheStartWritesTheSameTextOverItself', () => {
  const messages = asked('m1');
  ['a', 'b', 'c'].forEach((text, i) => messages.chunk(chunk('m1', i, text)));
  messages.chunk(chunk('m1', 0, 'a'));
  assert.equal(messages.get('m1').answer, 'a');
  messages.chunk(chunk('m1', 1, 'b'));
  assert.equal(messages.get('m1').answer, 'ab');
});

test('aResetWithdrawsTextAndKeepsTheNumbers', () => {
  const messages = asked('m1');
  ['a', 'b', 'c'].forEach((text, i) => messages.chunk(chunk('m1', i, text)));
  messages.chunk(reset('m1', 3, 1));
  assert.equal(messages.get('m1').answer, 'a');
  messages.chunk(chunk('m1', 4, 'd'));
  assert.equal(messages.get('m1').answer, 'ad');
  assert.equal(messages.get('m1').incomplete, false);
});

test('aGapInTheNumbersMarksTheAnswer', () => {
  const messages = asked('m1');
  messages.chunk(chunk('m1', 2, 'late'));
  assert.equal(messages.get('m1').incomplete, true);
});

test('reasoningIsOneStepUntilTextFollows', () => {
  const messages = asked('m1');
  const reasoning = (id, text) => chunk('m1', id, '', { chunk_type: 'reasoning', metadata: { text } });
  messages.chunk(reasoning(0, 'I '));
  messages.chunk(reasoning(1, 'think'));
  const message = messages.get('m1');
  assert.deepEqual(message.steps, [{ text: 'I think', type: 'reasoning' }]);
  assert.notEqual(message.step, null);
  messages.chunk(chunk('m1', 2, 'so'));
  assert.equal(message.step, null);
});

test('aQuestionIsThereUntilItIsAnswered', () => {
  const messages = asked('m1');
  const interrupt = { question: 'Which tea?', answers: ['green', 1], arguments: 'cups' };
  messages.chunk(chunk('m1', 0, '', { chunk_type: 'status', metadata: { status: 'interrupt', interrupt } }));
  assert.deepEqual(messages.get('m1').question, {
    chunkId: 0,
    text: 'Which tea?',
    details: 'cups',
    answers: ['green', '1'],
  });
  messages.chunk(chunk('m1', 1, '', { chunk_type: 'status', metadata: { status: 'resumed' } }));
  assert.equal(messages.get('m1').question, null);
});

test('anEditedMessageIsABranchAndTheLatestIsShownUntilAnotherIsChosen', () => {
  const messages = new Messages();
  messages.asked({ message_id: 'm1', text: 'one', parent_id: null });
  messages.asked({ message_id: 'm2', text: 'two', parent_id: 'm1' });
  messages.asked({ message_id: 'm3', text: 'other one', parent_id: null });
  const shown = () => messages.branch().map(({ id }) => id);
  assert.deepEqual(shown(), ['m3']);
  assert.deepEqual(
    messages.alternatives(messages.get('m1')).map(({ id }) => id),
    ['m1', 'm3'],
  );
  messages.choose('m2');
  assert.deepEqual(shown(), ['m1', 'm2']);
  assert.equal(messages.tip(), 'm2');
});

test('aMessageThatWasSentIsUnloggedUntilTheLogShowsIt', () => {
  const messages = asked('m1');
  messages.add({ ...newMessage('m2', 'two', undefined), state: 'sending' }, 'the body');
  assert.deepEqual(
    messages.unconfirmed().map((message) => messages.bodyOf(message)),
    ['the body'],
  );
  messages.asked({ message_id: 'm2', text: 'two', parent_id: 'm1' });
  assert.deepEqual(messages.unconfirmed(), []);
  assert.deepEqual(
    messages.due().map(({ id }) => id),
    ['m1', 'm2'],
  );
});

test('aSnapshotSurvivesJsonAndContinues', () => {
  const messages = asked('m1', 'm2');
  messages.chunk(chunk('m2', 0, 'Hel'));
  messages.add({ ...newMessage('m3', 'three', undefined), state: 'sending' }, 'the body');

  const restored = new Messages();
  restored.restore(JSON.parse(JSON.stringify(messages.snapshot(Infinity))));
  restored.chunk(chunk('m2', 1, 'lo'));

  assert.equal(restored.get('m2').answer, 'Hello');
  assert.equal(restored.bodyOf(restored.get('m3')), 'the body');
  assert.deepEqual(
    messages.snapshot(1).messages.map(({ id }) => id),
    ['m2'],
  );
});

test('aResyncReplacesWhatTheHistoryHasAndKeepsWhatIsOlder', () => {
  const messages = asked('m1', 'm2', 'm3');
  messages.chunk(chunk('m2', 0, 'half'));
  messages.resync([{ message_id: 'm2', text: 'two', answer: 'whole', parent_id: 'm1' }]);
  assert.deepEqual(
    messages.all().map(({ id, answer }) => [id, answer]),
    [
      ['m1', ''],
      ['m2', 'whole'],
    ],
  );
});

test('aResyncWithoutHistoryLeavesWhatWasSeen', () => {
  const messages = asked('m1');
  messages.chunk(chunk('m1', 0, 'half'));
  messages.resync(null);
  const { answer, incomplete, state } = messages.get('m1');
  assert.deepEqual([answer, incomplete, state], ['half', true, 'complete']);
});

test('aResyncOfADeletedSessionLeavesNothing', () => {
  const messages = asked('m1');
  messages.resync([], 'deleted');
  assert.deepEqual(messages.all(), []);
});

test('theOldestCompleteMessagesGoWhenThereAreMany', () => {
  const messages = new Messages();
  for (let i = 0; i < 501; i++) {
    messages.asked({ message_id: `m${i}`, text: '', parent_id: null });
    messages.complete({ message_id: `m${i}` });
  }
  assert.equal(messages.all().length, 500);
  assert.equal(messages.get('m0'), undefined);
});

test('historyTellsQuestionsAndAnswersAsTheStreamDoes', () => {
  const { steps } = fromHistory({
    message_id: 'm1',
    activity: [
      { type: 'question', text: 'Which?' },
      { type: 'answer', text: 'This.' },
    ],
  });
  assert.deepEqual(steps, [
    { type: 'status', status: 'interrupt', interrupt: { question: 'Which?' } },
    { type: 'status', status: 'resumed', answer: 'This.' },
  ]);
});
