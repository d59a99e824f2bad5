/**
 * The chat page: takes the session from the address, follows it with `antiphon.js`, and shows it.
 *
 * @module chat
 */

import { connect, mintId, recall } from './antiphon.js';
import { Composer } from './composer.js';
import { Picks } from './picks.js';
import { SessionList } from './sessions.js';
import * as store from './store.js';
import { Transcript } from './transcript.js';

const at = (id) => document.getElementById(id);

const SAVE_EVERY_MS = 500;
/** A reconnection that succeeds sooner is not shown. */
const NOTICE_AFTER_MS = 1_200;
const NOTICE_FOR_MS = 6_000;
const COPIED_FOR_MS = 1_600;
/** The longest part of an answer that a screen reader announces; the rest is in the transcript. */
const MOST_ANNOUNCED = 1_000;
const LONGEST_TITLE = 48;

const CONNECTION_WORDS = {
  connecting: 'Connecting',
  open: 'Connected',
  degraded: 'Degraded',
  reconnecting: 'Reconnecting',
  refused: 'Not connected',
  closed: 'Not connected',
};

const user = store.user();
let chat = null;
let saving = 0;
let noticing = 0;
let degraded = false;
/** False once the server has answered that it lacks the call, as older servers do. */
let canStop = true;

const composer = new Composer(at('composer'), {
  onSend: send,
  onDraft: (text) => store.saveDraft(store.sessionInAddress(), text),
  onEdited: edit,
});

const picks = new Picks(at('picks'));

const transcript = new Transcript(
  { list: at('transcript'), scroller: at('scroller'), jump: at('jump') },
  {
    onRetry: retry,
    onAskAgain: send,
    onEdit: (id) => composer.edit(chat.message(id)),
    onRegenerate: regenerate,
    onChoose: (id) => chat.choose(id),
    onAnswer: (id, answer) => chat.resume(id, answer),
  },
);

const sessionList = new SessionList(at('sessions'), {
  user,
  onDeleted,
});

at('chats').addEventListener('click', () => sessionList.open());
at('new-chat').addEventListener('click', newChat);
at('stop').addEventListener('click', stop);
at('suggestions').addEventListener('click', ({ target }) => target.closest('button') && send(target.textContent));
addEventListener('hashchange', () => store.sessionInAddress() !== chat?.session && openAddress());
addEventListener('pagehide', saveNow);
document.addEventListener('visibilitychange', () => document.hidden && saveNow());
document.addEventListener('click', ({ target }) => target.dataset.copy && copy(target));
openAddress();

// ---- sessions

async function openAddress() {
  const named = store.sessionInAddress();
  const session = named ?? mintId('sess');
  history.replaceState(null, '', store.addressOf(session));
  leave();
  // Only a session from a link can have a past that this browser does not know.
  const snapshot = store.load(session) ?? (named && (await recall({ session, user })));
  if (store.sessionInAddress() === session) {
    open(session, snapshot);
  }
}

function newChat() {
  const session = mintId('sess');
  history.pushState(null, '', store.addressOf(session));
  leave();
  open(session, null);
}

/** A deleted session must not be remembered again on leaving it. */
function onDeleted(session) {
  if (session === chat.session) {
    chat.close();
    chat = null;
    newChat();
  }
}

function leave() {
  saveNow();
  chat?.close();
  chat = null;
}

function open(session, snapshot) {
  degraded = false;
  chat = connect({ session, user, snapshot, onMessage, onChunk, onComplete, onResync, onStatus, onConnection });
  composer.begin(store.draft(session));
  composer.focus();
  showConnection('connecting', null);
  onResync();
}

// ---- news from the conversation

function onMessage(message) {
  transcript.arrange(chat);
  chat.alternatives(message.id).forEach((other) => transcript.touch(other));
  transcript.touch(message);
  changed();
}

function onChunk(message, { metadata }) {
  transcript.touch(message);
  if (message.question && metadata?.status === 'interrupt') {
    at('announcer').textContent = message.question.text;
  }
  changed();
}

function onComplete(message) {
  transcript.touch(message);
  // The next message's turn has come: it is no longer queued.
  chat.messages.filter(({ state }) => state === 'accepted').forEach((waiting) => transcript.touch(waiting));
  changed();
  at('announcer').textContent = message.answer.slice(0, MOST_ANNOUNCED) || 'The answer ended without text.';
}

function onResync() {
  transcript.show(chat);
  changed();
}

function onStatus({ status }) {
  degraded = status === 'degraded';
  showConnection(chat.connection, null);
}

function onConnection(state, problem) {
  if (state === 'open') {
    picks.refresh();
  }
  degraded &&= state === 'open';
  showConnection(state, problem);
  changed();
}

function changed() {
  const [first] = chat.messages;
  at('welcome').hidden = Boolean(first) || chat.connection === 'refused';
  at('stop').hidden = !canStop || !chat.active;
  document.title = first ? `${shortened(first.text)} · Antiphon` : 'Antiphon';
  saving ||= setTimeout(saveNow, SAVE_EVERY_MS);
}

function shortened(text) {
  const line = text.trim().split('\n', 1)[0];
  return line.length > LONGEST_TITLE ? `${line.slice(0, LONGEST_TITLE - 1)}…` : line;
}

function saveNow() {
  clearTimeout(saving);
  saving = 0;
  if (chat) {
    store.save(chat);
  }
}

// ---- the person's actions

function send(text) {
  transcript.follow();
  // A message that could not be sent shows the failure in its place, with a retry button.
  chat.send(text, picks.extras).catch(() => {});
  composer.focus();
}

function edit(id, text) {
  transcript.follow();
  chat.edit(id, text, picks.extras).catch(() => {});
  transcript.show(chat);
}

async function regenerate(id) {
  transcript.follow();
  try {
    await chat.regenerate(id);
  } catch (problem) {
    notify(`The answer was not regenerated: ${problem.message}`);
    noticing = setTimeout(() => showConnection(chat.connection, null), NOTICE_FOR_MS);
  }
}

function retry(id) {
  chat.retry(id).catch(() => {});
}

async function stop() {
  at('stop').disabled = true;
  try {
    await chat.cancel(chat.active.id);
  } catch (problem) {
    canStop = !problem.unknownCall;
    changed();
    notify(canStop ? `The answer was not stopped: ${problem.message}` : 'This server cannot stop an answer.');
    noticing = setTimeout(() => showConnection(chat.connection, null), NOTICE_FOR_MS);
  } finally {
    at('stop').disabled = false;
  }
}

async function copy(button) {
  const text =
    button.dataset.copy === 'code'
      ? button.closest('figure').querySelector('code').textContent
      : chat.message(button.closest('[data-message]').dataset.message).answer;
  button.textContent = (await toClipboard(text)) ? 'Copied' : 'Not copied';
  setTimeout(() => (button.textContent = 'Copy'), COPIED_FOR_MS);
}

/** The clipboard interface exists only on https and localhost; elsewhere the old command is used. */
async function toClipboard(text) {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    const area = document.createElement('textarea');
    area.value = text;
    area.className = 'unseen';
    document.body.append(area);
    area.select();
    const copied = document.execCommand('copy');
    area.remove();
    return copied;
  }
}

// ---- the state of the connection

function showConnection(state, problem) {
  clearTimeout(noticing);
  const shown = state === 'open' && degraded ? 'degraded' : state;
  at('connection').dataset.state = shown;
  at('connection').firstElementChild.textContent = CONNECTION_WORDS[shown];
  at('composer').inert = shown === 'refused' || shown === 'closed';
  if (shown === 'refused') {
    notify(`This chat cannot be opened: ${problem.message}`, 'Start a new one', newChat);
  } else if (shown === 'degraded') {
    notify('The service has a problem. Answers can pause; nothing is lost.');
  } else if (shown === 'reconnecting') {
    noticing = setTimeout(
      notify,
      NOTICE_AFTER_MS,
      'The connection is interrupted. The answer will continue where it stopped.',
      'Try now',
      () => chat.reconnect(),
    );
  } else if (shown === 'open') {
    at('notice').hidden = true;
  }
}

function notify(text, action, act) {
  const [words, button] = at('notice').children;
  words.textContent = text;
  button.textContent = action ?? '';
  button.hidden = !action;
  button.onclick = act ?? null;
  at('notice').hidden = false;
}
