/**
 * Antiphon's browser client: one chat session, followed live and resumed exactly.
 *
 *     import { connect } from 'https://chat.example/antiphon.js'; // or from '@antiphon/client', with a baseUrl
 *
 *     const chat = connect({ onChunk: (message) => (output.textContent = message.answer) });
 *     chat.send('Hello, how are you?');
 *
 * No dependencies and no DOM: the caller draws. The server sends each connection a contiguous slice of the session's
 * log, so events are applied in the order of their arrival; nothing is compared, sorted or filtered here.
 *
 * The state and the place in the log it belongs to (the cursor) travel together in `chat.snapshot()`. Stored as one
 * value and passed back as `connect({ snapshot })`, the conversation continues at the next entry: nothing is missing
 * and nothing arrives twice, however old the snapshot is.
 *
 * @module antiphon
 */

import { follow } from './follow.js';
import { mintId } from './ids.js';
import { fromHistory, Messages, newMessage } from './messages.js';
import { Problem } from './problem.js';

export { mintId, Problem };

/** @typedef {import('./messages.js').Message} Message */
/** @typedef {import('./messages.js').Chunk} Chunk */
/** @typedef {import('./messages.js').Question} Question */
/** @typedef {'connecting' | 'open' | 'reconnecting' | 'refused' | 'closed'} ConnectionState */

/**
 * State and cursor as one value that survives JSON.
 *
 * @typedef {object} Snapshot
 * @property {number} version
 * @property {string} session
 * @property {string} user
 * @property {string | null} cursor
 * @property {Message[]} messages
 * @property {{message: Message, body: string}[]} unsent
 */

/**
 * @typedef {object} Options
 * @property {string} [session] an id of 1-128 letters, digits, `_` or `-`; a fresh one if left out
 * @property {string} [user] an id of the same form; a session belongs to the first user that names it
 * @property {string} [baseUrl] the gateway; the server this module came from if left out. Another origin than the
 *     page's must be listed in the gateway's `CHAT_ALLOWED_ORIGINS`
 * @property {Snapshot | null} [snapshot] a result of `snapshot()`; ignored when it is of another session
 * @property {(message: Message) => void} [onMessage] a message is new, or its `state` changed
 * @property {(message: Message, chunk: Chunk) => void} [onChunk] an answer changed; `chunk` as in PROTOCOL.md section 3
 * @property {(message: Message) => void} [onComplete] an answer ended
 * @property {(conversation: Conversation) => void} [onResync] the server replaced the state: draw all of it again
 * @property {(status: Record<string, any>) => void} [onStatus] the gateway's own state: degraded, recovered
 * @property {(state: ConnectionState, problem: Problem | null) => void} [onConnection] `refused` comes with the
 *     server's reason and is final until `reconnect()`; every other state ends by itself
 */

/**
 * Opens a session's stream and keeps it open until `close()`.
 *
 * @param {Options} [options]
 */
export function connect(options = {}) {
  return new Conversation(options);
}

/**
 * Reads the conversation from the server's history, for a page that has no snapshot.
 *
 * @param {{session: string, user: string, baseUrl?: string}} options
 * @returns {Promise<Snapshot | null>} for `connect({ snapshot })`; null when the server has none
 */
export async function recall({ session, user, baseUrl }) {
  const url = new URL(`api/sessions/${session}/messages`, baseOf(baseUrl));
  url.searchParams.set('user_id', user);
  const response = await fetch(url, { signal: AbortSignal.timeout(REQUEST_TIMEOUT_MS) }).catch(() => null);
  if (!response?.ok) {
    return null;
  }
  const { messages, cursor } = await response.json();
  return { version: SNAPSHOT, session, user, cursor: cursor ?? null, messages: messages.map(fromHistory), unsent: [] };
}

/**
 * Lists the user's sessions that have an answer, the last answered first.
 *
 * @param {{user: string, before?: string, baseUrl?: string}} options `before` is an earlier page's `next`
 * @returns {Promise<{sessions: {session_id: string, title: string, created: string, updated: string}[], next: string | null}>}
 *     rejects with a `Problem`
 */
export async function sessions({ user, before, baseUrl }) {
  const url = new URL('api/sessions', baseOf(baseUrl));
  url.searchParams.set('user_id', user);
  before && url.searchParams.set('before', before);
  return (await request(url)).json();
}

/**
 * Follows the states and titles of the user's sessions. The changes arrive in the stream that all tabs share.
 *
 * @typedef {{session_id: string, state: 'idle' | 'running' | 'waiting' | 'deleted', title: string}} SessionState
 * @param {{user: string, baseUrl?: string, onChange: (change: {whole: boolean, sessions: SessionState[]}) => void}} options
 *     `whole` is true at first and after interruptions: these sessions run or wait and no others do. Titles can have
 *     changed, so a page that shows titles calls `sessions()` again. Otherwise only these sessions have changed
 * @returns {{close: () => void}}
 */
export function watchSessions({ user, baseUrl, onChange }) {
  return follow(
    { base: baseOf(baseUrl).href, user, session: null, cursor: null },
    { onEvent: (name, id, data) => onChange(JSON.parse(data)), onState: () => {} },
  );
}

/**
 * Changes a session's title in every list; rejects with a `Problem`.
 *
 * @param {{session: string, user: string, title: string, baseUrl?: string}} options
 */
export async function rename({ session, user, title, baseUrl }) {
  await request(new URL(`api/sessions/${session}`, baseOf(baseUrl)), {
    method: 'PATCH',
    headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify({ user_id: user, title }),
  });
}

/**
 * Erases a session permanently from every store; rejects with a `Problem`.
 *
 * @param {{session: string, user: string, baseUrl?: string}} options
 */
export async function erase({ session, user, baseUrl }) {
  const url = new URL(`api/sessions/${session}`, baseOf(baseUrl));
  url.searchParams.set('user_id', user);
  await request(url, { method: 'DELETE' });
}

/** The longest wait before the first retry of a message; each further one is twice as long. */
const FIRST_RETRY_MS = 300;
const LONGEST_RETRY_MS = 10_000;
/** How often one message is sent to the server: about a minute in all. */
const MOST_POSTS = 12;
const REQUEST_TIMEOUT_MS = 15_000;
/** A constant, because bundlers would take `new URL('.', import.meta.url)` for a file to include. */
const LOADED_FROM = import.meta.url;
/** The version of the form of snapshots; a snapshot with another version is ignored. */
const SNAPSHOT = 2;

/** One followed session; made by `connect`. */
export class Conversation {
  #messages = new Messages();
  /** @type {string | null} */
  #cursor = null;
  /** @type {ConnectionState} */
  #connection = 'connecting';
  #options;
  #base;
  /** @type {ReturnType<typeof follow> | null} */
  #stream = null;

  /** @param {Options} options */
  constructor(options) {
    this.#options = options;
    this.#base = baseOf(options.baseUrl);
    this.session = options.session ?? mintId('sess');
    this.user = options.user ?? mintId('user');
    this.#restore(options.snapshot);
    // After this constructor, because the caller's callbacks can use the result of connect(). Only the restored
    // messages: the caller can send another one before then, which must not be sent twice.
    const unsent = this.#messages.unconfirmed();
    queueMicrotask(() => this.#offerAll(unsent));
    globalThis.addEventListener?.('online', this.#reopenNow);
    globalThis.addEventListener?.('pageshow', this.#afterCache);
    this.#open();
  }

  /**
   * All messages, oldest first; those still being sent are last. The objects change with the log; the caller must not
   * change them.
   */
  get messages() {
    return this.#messages.all();
  }

  /** The messages of the branch that is shown, oldest first; all of them while nothing was edited or regenerated. */
  get branch() {
    return this.#messages.branch();
  }

  /**
   * The messages with the same parent as this one, itself included, in the order of asking.
   *
   * @param {string} messageId
   */
  alternatives(messageId) {
    const message = this.message(messageId);
    return message ? this.#messages.alternatives(message) : [];
  }

  /** Shows the branch that this message is in. @param {string} messageId */
  choose(messageId) {
    this.#messages.choose(messageId);
    this.#tell('onResync', this);
  }

  /** @returns {ConnectionState} */
  get connection() {
    return this.#connection;
  }

  /** @param {string} id */
  message(id) {
    return this.#messages.get(id);
  }

  /**
   * The message that is being answered, or else the next one to be answered. A session answers one at a time, in order.
   *
   * @returns {Message | undefined}
   */
  get active() {
    return this.#messages.due()[0];
  }

  /** Whether the message waits for the active one. @param {Message} message */
  isQueued(message) {
    return message.state === 'accepted' && message !== this.active;
  }

  /**
   * Sends a message. It is in `messages` at once. A failed request is retried with the same message id, so the server
   * answers the message once.
   *
   * The message follows the branch that is shown, unless `parentId` names another parent; `''` stands for no parent.
   *
   * @param {string} text
   * @param {{parentId?: string, provider?: string, model?: string, context?: object}} [extras]
   * @returns {Promise<Message>} resolves when the server has accepted it, rejects with a `Problem` when the server
   *     refuses it
   */
  send(text, { parentId, provider, model, context } = {}) {
    const follows = parentId ?? this.#messages.tip();
    const message = newMessage(mintId('msg'), text, follows === '' ? null : follows);
    const body = {
      session_id: this.session,
      user_id: this.user,
      message: text,
      message_id: message.id,
      parent_id: follows,
      ai_provider: provider,
      model,
      context,
    };
    this.#messages.add(message, JSON.stringify(body));
    this.#messages.choose(message.id, message.parentId);
    return this.#offer(message);
  }

  /**
   * Sends another text in place of a message: a branch next to it, which is shown from then on.
   *
   * @param {string} messageId
   * @param {string} text
   * @param {{provider?: string, model?: string, context?: object}} [extras]
   */
  edit(messageId, text, extras = {}) {
    return this.send(text, { ...extras, parentId: this.#known(messageId).parentId ?? '' });
  }

  /**
   * Asks for another answer to a message: a branch next to it, which is shown from then on.
   *
   * @param {string} messageId
   */
  async regenerate(messageId) {
    const body = { session_id: this.session, user_id: this.user, message_id: mintId('msg') };
    this.#messages.choose(body.message_id, this.#known(messageId).parentId ?? null);
    await this.#post(`api/messages/${messageId}/regenerate`, JSON.stringify(body));
  }

  /**
   * Sends a `failed` message again, with its id: if an earlier request did arrive, the message is not answered twice.
   *
   * @param {string} messageId
   */
  async retry(messageId) {
    return this.#offer(this.#known(messageId));
  }

  /**
   * Asks the server to end an answer. The log ends it in every tab, with `finishReason` `cancelled`.
   *
   * @param {string} messageId
   */
  async cancel(messageId) {
    await this.#post(
      `api/messages/${messageId}/cancel`,
      JSON.stringify({ session_id: this.session, user_id: this.user }),
    );
  }

  /**
   * Answers the question of a message (`message.question`). The log continues the message in every tab; `question` is
   * null from then on.
   *
   * @param {string} messageId
   * @param {string} answer one of `question.answers`, or any text if there are none
   */
  async resume(messageId, answer) {
    const body = {
      session_id: this.session,
      user_id: this.user,
      answer,
      chunk_id: this.#known(messageId).question?.chunkId,
    };
    await this.#post(`api/messages/${messageId}/resume`, JSON.stringify(body));
  }

  /**
   * The newest messages and their cursor, as one value that survives JSON. A conversation that is opened with it sends
   * its unsent messages.
   *
   * @param {number} [mostMessages]
   * @returns {Snapshot}
   */
  snapshot(mostMessages = Infinity) {
    return {
      version: SNAPSHOT,
      session: this.session,
      user: this.user,
      cursor: this.#cursor,
      ...this.#messages.snapshot(mostMessages),
    };
  }

  /** Tries again at once, also after the server refused. */
  reconnect() {
    if (this.#connection !== 'closed') {
      this.#open();
    }
  }

  /** Ends the stream permanently. A second call has no effect. */
  close() {
    globalThis.removeEventListener?.('online', this.#reopenNow);
    globalThis.removeEventListener?.('pageshow', this.#afterCache);
    this.#stream?.close();
    this.#become('closed', null);
  }

  // ---- the stream

  #open() {
    this.#stream?.close();
    this.#become(this.#connection === 'connecting' ? 'connecting' : 'reconnecting', null);
    this.#stream = follow(
      { base: this.#base.href, user: this.user, session: this.session, cursor: this.#cursor },
      {
        onEvent: (name, id, data) => this.#heard(name, id, JSON.parse(data)),
        onState: (state, problem) =>
          this.#become(state, problem ? new Problem(problem.status, problem.code, problem.message, null) : null),
      },
    );
  }

  /**
   * @param {string} name
   * @param {string | null} id
   * @param {any} data
   */
  #heard(name, id, data) {
    // Each event with an id moves the cursor; a resync has its own, which is the same.
    this.#cursor = id ?? this.#cursor;
    switch (name) {
      case 'connected':
        this.#become('open', null);
        break;
      case 'message':
        this.#tell('onMessage', this.#messages.asked(data));
        break;
      case 'chunk':
        this.#tell('onChunk', this.#messages.chunk(data), data);
        break;
      case 'message_complete':
        this.#tell('onComplete', this.#messages.complete(data));
        break;
      case 'status':
        this.#tell('onStatus', data);
        break;
      case 'resync':
        this.#resync(data);
        break;
    }
  }

  /**
   * The server could not continue at our cursor (the log was trimmed, or lost its tail), so its state replaces ours.
   *
   * @param {{reason?: string, messages?: import('./messages.js').Past[], cursor?: string}} data
   */
  #resync({ reason, messages, cursor }) {
    this.#cursor = cursor ?? null;
    this.#messages.resync(messages, reason);
    this.#tell('onResync', this);
    // The log's lost tail can include a message of ours. Sent again with its id, it is the same message.
    this.#offerAll(this.#messages.unconfirmed().filter(({ state }) => state === 'accepted'));
  }

  /** @param {Snapshot | null} [snapshot] */
  #restore(snapshot) {
    if (snapshot?.version === SNAPSHOT && snapshot.session === this.session && snapshot.user === this.user) {
      this.#cursor = snapshot.cursor;
      this.#messages.restore(snapshot);
    }
  }

  #reopenNow = () => {
    if (this.#connection === 'reconnecting') {
      this.#stream?.hurry();
    }
  };

  /**
   * A page that comes back from the back/forward cache has a stream that the browser closed silently.
   *
   * @param {PageTransitionEvent} event
   */
  #afterCache = (event) => {
    if (event.persisted) {
      this.reconnect();
    }
  };

  /**
   * @param {ConnectionState} state
   * @param {Problem | null} problem
   */
  #become(state, problem) {
    if (this.#connection !== state && this.#connection !== 'closed') {
      this.#connection = state;
      this.#options.onConnection?.(state, problem);
    }
  }

  // ---- requests

  /**
   * The promises are dropped: a refusal is in the message's own state.
   *
   * @param {Message[]} messages
   */
  #offerAll(messages) {
    messages.forEach((message) => this.#offer(message).catch(() => {}));
  }

  /**
   * @param {Message} message
   * @returns {Promise<Message>}
   */
  async #offer(message) {
    message.state = 'sending';
    message.error = null;
    this.#tell('onMessage', message);
    const body = this.#messages.bodyOf(message);
    for (let attempt = 1; ; attempt++) {
      try {
        await this.#post('api/chat', body);
        if (message.state === 'sending') {
          message.state = 'accepted';
          this.#tell('onMessage', message);
        }
        return message;
      } catch (thrown) {
        const problem = /** @type {Problem} */ (thrown);
        // The stream can have shown the message already: then only the response was lost.
        if (message.state !== 'sending') {
          return message;
        }
        if (!problem.transient || attempt === MOST_POSTS || this.#connection === 'closed') {
          message.state = 'failed';
          message.error = { code: problem.code, message: problem.message };
          this.#tell('onMessage', message);
          throw problem;
        }
        const ceiling = Math.min(LONGEST_RETRY_MS, FIRST_RETRY_MS * 2 ** (attempt - 1));
        await new Promise((resume) =>
          setTimeout(resume, (problem.retryAfter ?? 0) + ceiling * (0.5 + Math.random() / 2)),
        );
      }
    }
  }

  /**
   * @param {string} path
   * @param {string} body
   */
  async #post(path, body) {
    const response = await request(new URL(path, this.#base), {
      method: 'POST',
      headers: { 'Content-Type': 'application/json' },
      body,
    });
    // The server responds again, so the stream does not wait for its next retry.
    this.#reopenNow();
    return response.json().catch(() => ({}));
  }

  /** @param {string} messageId */
  #known(messageId) {
    const message = this.message(messageId);
    if (!message) {
      throw new Error(`There is no message ${messageId} in this conversation`);
    }
    return message;
  }

  /**
   * Calls a callback, unless the conversation is closed: responses to its requests can arrive after that.
   *
   * @template {'onMessage' | 'onChunk' | 'onComplete' | 'onResync' | 'onStatus'} Callback
   * @param {Callback} callback
   * @param {Parameters<NonNullable<Options[Callback]>>} args
   */
  #tell(callback, ...args) {
    if (this.#connection !== 'closed') {
      /** @type {((...args: any[]) => void) | undefined} */ (this.#options[callback])?.(...args);
    }
  }
}

/**
 * Sends one request. Throws a `Problem` unless the server answers with success.
 *
 * @param {URL} url
 * @param {RequestInit} [init]
 */
async function request(url, init = {}) {
  let response;
  try {
    response = await fetch(url, { ...init, signal: AbortSignal.timeout(REQUEST_TIMEOUT_MS) });
  } catch {
    throw new Problem(0, '', 'The server cannot be reached', null);
  }
  if (!response.ok) {
    throw await Problem.of(response);
  }
  return response;
}

/**
 * The gateway's address, ending in a slash so that paths are found below it.
 *
 * @param {string} [baseUrl]
 */
function baseOf(baseUrl) {
  const base = new URL(baseUrl ?? new URL('.', LOADED_FROM), globalThis.location?.href);
  base.pathname = base.pathname.replace(/\/*$/, '/');
  return base;
}
