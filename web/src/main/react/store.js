/**
 * One conversation as a value that React can compare: every change makes a new state, and unchanged messages stay the
 * same objects, so that components wrapped in `memo` skip them. This module does not import React.
 *
 * @module store
 */

import { connect } from '@antiphon/client';

/** @typedef {import('@antiphon/client').Conversation} Conversation */
/** @typedef {import('@antiphon/client').Message} Message */
/** @typedef {import('@antiphon/client').Problem} Problem */
/** @typedef {import('@antiphon/client').ConnectionState} ConnectionState */
/** @typedef {{provider?: string, model?: string, context?: object, parentId?: string}} Extras */

/**
 * The activity of the conversation: `ready` for a message, `sending` until an answer begins, `answering`, `asking` when
 * the answer waits for its user, `refused` when the server refused the session and `reconnect()` is needed.
 *
 * @typedef {'ready' | 'sending' | 'answering' | 'asking' | 'refused'} Status
 */

/**
 * @typedef {object} ChatState
 * @property {Conversation | null} chat the conversation itself, for all other calls; null while it is not open
 * @property {readonly Message[]} messages of the branch that is shown, oldest first; copies that never change
 * @property {Status} status
 * @property {ConnectionState} connection
 * @property {Problem | null} error the failure of the last call or of the connection; the next call clears it. The
 *     failure of one answer is in the `error` of its message
 */

/** @typedef {{session: string, user: string, baseUrl?: string, snapshot?: import('@antiphon/client').Snapshot | null}} ChatOptions */

export class ChatStore {
  #options;
  /** @type {Conversation | null} */
  #chat = null;
  /** @type {Set<() => void>} */
  #listeners = new Set();
  /** By live message: its current copy. @type {WeakMap<Message, Message>} */
  #copies = new WeakMap();
  /** @type {ChatState | null} */
  #state = null;
  /** @type {Problem | null} */
  #error = null;

  /** @param {ChatOptions} options */
  constructor(options) {
    this.#options = options;
  }

  /**
   * Whether this store is for the conversation that these options name.
   *
   * @param {ChatOptions} options
   */
  isFor({ session, user, baseUrl }) {
    return session === this.#options.session && user === this.#options.user && baseUrl === this.#options.baseUrl;
  }

  /**
   * Opens the conversation for the first listener and closes it after the last. It can be opened again at its cursor.
   *
   * @param {() => void} listener
   * @returns {() => void} ends the subscription
   */
  subscribe = (listener) => {
    this.#listeners.add(listener);
    if (!this.#chat) {
      this.#open();
    }
    return () => {
      this.#listeners.delete(listener);
      if (this.#listeners.size === 0) {
        this.#close();
      }
    };
  };

  /** The same object until something changes. */
  state = () => {
    this.#state ??= this.#read();
    return this.#state;
  };

  /**
   * Sends a message, which is in `messages` at once.
   *
   * @param {string} text
   * @param {Extras} [extras]
   * @returns {Promise<boolean>} whether the server has accepted it; if not, `error` has the reason
   */
  send = (text, extras) => this.#attempt((chat) => chat.send(text, extras));

  /**
   * Sends a message of state `failed` again.
   *
   * @param {string} messageId
   */
  retry = (messageId) => this.#attempt((chat) => chat.retry(messageId));

  /** Ends the current answer. False when there is none. */
  stop = () => this.#attempt((chat) => chat.active && chat.cancel(chat.active.id));

  /**
   * Answers the question of the current answer. False when there is none.
   *
   * @param {string} text
   */
  answer = (text) => this.#attempt((chat) => chat.active?.question && chat.resume(chat.active.id, text));

  /** Tries again at once, also after the server refused. */
  reconnect = () => {
    this.#error = null;
    this.#chat?.reconnect();
    this.#tell();
  };

  #open() {
    /** @param {Message} message */
    const changed = (message) => {
      this.#copies.delete(message);
      this.#tell();
    };
    this.#chat = connect({
      ...this.#options,
      onMessage: changed,
      onChunk: changed,
      onComplete: changed,
      onResync: () => {
        this.#copies = new WeakMap();
        this.#tell();
      },
      onConnection: (state, problem) => {
        this.#error = problem ?? this.#error;
        this.#tell();
      },
    });
    this.#tell();
  }

  #close() {
    // A copy, because a request of the closed conversation can still fail and change its messages.
    this.#options = { ...this.#options, snapshot: structuredClone(this.#chat?.snapshot()) };
    this.#chat?.close();
    this.#chat = null;
    this.#tell();
  }

  #tell() {
    this.#state = null;
    this.#listeners.forEach((listener) => listener());
  }

  /** @returns {ChatState} */
  #read() {
    const chat = this.#chat;
    if (!chat) {
      return { chat, messages: [], status: 'ready', connection: 'connecting', error: this.#error };
    }
    return {
      chat,
      messages: chat.branch.map((message) => this.#copyOf(message)),
      status: statusOf(chat),
      connection: chat.connection,
      error: this.#error,
    };
  }

  /** @param {Message} message */
  #copyOf(message) {
    let copy = this.#copies.get(message);
    if (!copy) {
      // The last step grows as its pieces arrive, and `starts` with every chunk.
      const steps = message.steps.map((step) => ({ ...step }));
      copy = { ...message, steps, step: message.step && { ...message.step }, starts: [] };
      this.#copies.set(message, copy);
    }
    return copy;
  }

  /** @param {(chat: Conversation) => Promise<unknown> | null | undefined} action */
  async #attempt(action) {
    if (!this.#chat) {
      return false;
    }
    this.#error = null;
    try {
      const begun = action(this.#chat);
      this.#tell();
      await begun;
      return Boolean(begun);
    } catch (problem) {
      this.#error = /** @type {Problem} */ (problem);
      this.#tell();
      return false;
    }
  }
}

/**
 * @param {Conversation} chat
 * @returns {Status}
 */
function statusOf(chat) {
  if (chat.connection === 'refused') {
    return 'refused';
  }
  if (chat.active) {
    return chat.active.question ? 'asking' : chat.active.state === 'answering' ? 'answering' : 'sending';
  }
  return chat.messages.some(({ state }) => state === 'sending') ? 'sending' : 'ready';
}
