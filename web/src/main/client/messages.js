/**
 * The state of a conversation: questions and answers, built from the entries of the session's log one by one.
 * No network, no time, no DOM; `antiphon.js` feeds it.
 *
 * @module messages
 */

/**
 * A user's turn and its answer.
 *
 * @typedef {object} Message
 * @property {string} id
 * @property {string | null | undefined} parentId the message that this one follows; null for a first message, undefined
 *     while only the server knows it
 * @property {string} text the question
 * @property {'sending' | 'failed' | 'accepted' | 'answering' | 'complete'} state `sending` and `failed` are local: the
 *     server has not confirmed the message yet, or has refused it (`error` has the reason)
 * @property {string} answer the text so far; concatenated chunks, after any reset
 * @property {Step[]} steps the events apart from text, in order: reasoning, tool
 *     calls and results, status
 * @property {Step | null} step the newest of them while no text has followed it
 * @property {Question | null} question the question that the answer waits for, until it is answered
 * @property {boolean} incomplete chunks of the answer are missing, and will not arrive
 * @property {{code: string, message: string} | null} error
 * @property {string | null} finishReason `stop`, `length`, `error` or `cancelled`, once complete
 * @property {string | null} model
 * @property {number | null} tokens
 * @property {number[]} starts where in `answer` each chunk begins: needed by a reset, empty once complete
 */

/** @typedef {{type: string, [detail: string]: any}} Step */

/**
 * A run's question to its user.
 *
 * @typedef {object} Question
 * @property {number} chunkId the id of the chunk with the question
 * @property {string} text
 * @property {string} details the subject of the question, such as a tool's arguments; can be empty
 * @property {string[]} answers the allowed answers; any text if there are none
 */

/**
 * A piece of an answer, as in PROTOCOL.md section 3.
 *
 * @typedef {object} Chunk
 * @property {string} message_id
 * @property {number} chunk_id
 * @property {string} chunk
 * @property {boolean} is_final
 * @property {string} [chunk_type] `content` if left out
 * @property {Record<string, any>} [metadata]
 * @property {{code: string, message: string}} [error]
 */

/**
 * A message in the history and in a `resync`.
 *
 * @typedef {object} Past
 * @property {string} message_id
 * @property {string} [text]
 * @property {string | null} [parent_id]
 * @property {string} [answer]
 * @property {Step[]} [activity]
 * @property {string} [finish_reason]
 * @property {string} [model]
 * @property {number} [token_count]
 * @property {number} [tokens_used]
 * @property {{code: string, message: string}} [error]
 */

/** The id in a look-up. @typedef {string | null | undefined} Key */

/** @typedef {{messages: Message[], unsent: {message: Message, body: string}[]}} Stored */

/** The maximum number of messages; the oldest complete ones are removed first. The server's history has all of them. */
const MOST_MESSAGES = 500;
/** The maximum number of non-text steps of one message. */
const MOST_STEPS = 200;
/** The parent of the first message; no id is empty. */
const BEGINNING = '';

export class Messages {
  /** Messages in log order. @type {Map<Key, Message>} */
  #logged = new Map();
  /** Messages that are not in the log yet, in sending order. @type {Map<Key, Message>} */
  #unlogged = new Map();
  /**
   * The shown message of those with the same parent, by parent; the latest unless the user chose another.
   *
   * @type {Map<Key, string>}
   */
  #chosen = new Map();
  /**
   * The request body of each unlogged message: the server refuses a retry that differs in any byte.
   *
   * @type {Map<string, string>}
   */
  #bodies = new Map();

  /** Oldest first; those that are not in the log yet are last. */
  all() {
    return [...this.#logged.values(), ...this.#unlogged.values()];
  }

  /**
   * The messages on one path through the conversation, oldest first: of several with the same parent, the one that the
   * user chose, otherwise the one that leads to the latest message. Those that are not in the log yet are last.
   */
  branch() {
    const { children, parents } = this.#tree();
    const leading = new Set();
    for (let at = [...this.#logged.keys()].at(-1); parents.has(at); at = parents.get(at)) {
      leading.add(at);
    }
    /** @type {Message[]} */
    const path = [];
    for (let among = children.get(BEGINNING); among; among = children.get(path[path.length - 1].id)) {
      const chosen = this.#chosen.get(path.at(-1)?.id ?? BEGINNING);
      path.push(
        among.find(({ id }) => id === chosen) ?? among.find(({ id }) => leading.has(id)) ?? among[among.length - 1],
      );
    }
    const unlogged = [...this.#unlogged.values()];
    const elsewhere = unlogged.find(({ state, parentId }) => state !== 'failed' && parentId !== undefined);
    if (elsewhere) {
      path.length = path.findIndex(({ id }) => id === elsewhere.parentId) + 1;
    }
    return [...path, ...unlogged];
  }

  /**
   * The messages with the same parent as this one, itself included, in the order of asking.
   *
   * @param {Message} message
   */
  alternatives(message) {
    for (const among of this.#tree().children.values()) {
      if (among.includes(message)) {
        return among;
      }
    }
    return [message];
  }

  /**
   * Shows the branches that lead to this message. It can be missing so far, if `parentId` names its parent.
   *
   * @param {string} id
   * @param {string | null} [parentId]
   */
  choose(id, parentId) {
    if (parentId !== undefined) {
      this.#chosen.set(parentId ?? BEGINNING, id);
    }
    const { parents } = this.#tree();
    let at = parentId ?? id;
    for (let parent = parents.get(at); parent !== undefined; parent = parents.get(parent)) {
      this.#chosen.set(parent, at);
      at = parent;
    }
  }

  /** The parent of the next message; undefined when the server should decide. */
  tip() {
    const shown = this.branch().at(-1);
    const latest = this.all().at(-1);
    return shown === latest || this.#unlogged.size > 0 ? undefined : shown?.id;
  }

  /**
   * The children of each message, in log order, and the parent of each. A message whose parent was removed counts as a
   * first message.
   */
  #tree() {
    /** @type {Map<Key, Message[]>} */
    const children = new Map();
    /** @type {Map<Key, string>} */
    const parents = new Map();
    let before = BEGINNING;
    for (const message of this.#logged.values()) {
      const { parentId = before } = message;
      const parent = parentId !== null && this.#logged.has(parentId) ? parentId : BEGINNING;
      children.set(parent, [...(children.get(parent) ?? []), message]);
      parents.set(message.id, parent);
      before = message.id;
    }
    return { children, parents };
  }

  /** @param {string} id */
  get(id) {
    return this.#logged.get(id) ?? this.#unlogged.get(id);
  }

  /** The messages that still need their answer from the server. */
  due() {
    return this.all().filter(({ state }) => state === 'accepted' || state === 'answering');
  }

  /**
   * Adds a message that will be sent as `body`.
   *
   * @param {Message} message
   * @param {string} body
   */
  add(message, body) {
    this.#unlogged.set(message.id, message);
    this.#bodies.set(message.id, body);
  }

  /**
   * The request body of an unlogged message.
   *
   * @param {Message} message
   * @returns {string}
   */
  bodyOf(message) {
    return /** @type {string} */ (this.#bodies.get(message.id));
  }

  /** The messages that are not in the log, and that the server has not refused. */
  unconfirmed() {
    return [...this.#unlogged.values()].filter(({ state }) => state !== 'failed');
  }

  // ---- entries of the log; each method returns the message that it changed

  /** @param {{message_id: string, text: string, parent_id?: string | null}} entry */
  asked({ message_id: id, text, parent_id: parentId }) {
    const message = this.#unlogged.get(id) ?? newMessage(id, text, undefined);
    this.#log(message);
    message.text = text;
    message.parentId = parentId ?? null;
    message.state = 'accepted';
    message.error = null;
    return message;
  }

  /** @param {Chunk} chunk */
  chunk(chunk) {
    const message = this.#answered(chunk.message_id);
    message.state = 'answering';
    // Each chunk's place is known, so a replay from chunk 0 writes the same text over itself.
    const { starts } = message;
    if (chunk.chunk_id < starts.length) {
      message.answer = message.answer.slice(0, starts[chunk.chunk_id]);
      starts.length = chunk.chunk_id;
    }
    while (starts.length < chunk.chunk_id) {
      message.incomplete = true;
      starts.push(message.answer.length);
    }
    starts.push(message.answer.length);
    apply(message, chunk);
    if (chunk.is_final) {
      message.model = chunk.metadata?.model ?? null;
      message.tokens = chunk.metadata?.tokens_used ?? null;
    }
    return message;
  }

  /** @param {{message_id: string, token_count?: number, finish_reason?: string}} entry */
  complete({ message_id: id, token_count: tokens, finish_reason: finishReason }) {
    const message = this.#answered(id);
    message.state = 'complete';
    message.question = null;
    message.tokens = tokens ?? message.tokens;
    message.finishReason = finishReason ?? 'stop';
    message.starts = [];
    message.step = null;
    return message;
  }

  /**
   * Our place in the log is gone, so the server's history replaces our messages: it has the newest part of the
   * conversation, and our earlier messages stay. Without a history on the server our messages stay too; the missed
   * chunks of an answer in progress do not arrive, unless the answer is sent again from its start.
   *
   * @param {Past[] | null | undefined} history
   * @param {string} [reason]
   */
  resync(history, reason) {
    if (reason === 'deleted') {
      this.#logged.clear();
      this.#chosen.clear();
      return;
    }
    const known = [...this.#logged.values()];
    if (history && history.length > 0) {
      const first = known.findIndex(({ id }) => id === history[0].message_id);
      this.#logged.clear();
      known.slice(0, Math.max(0, first)).forEach((message) => this.#log(message));
      history.forEach((past) => this.#log(fromHistory(past)));
      return;
    }
    for (const message of known) {
      message.incomplete ||= message.state !== 'complete';
      message.state = 'complete';
      message.question = null;
    }
  }

  // ---- to and from storage

  /**
   * The newest messages of the log, and all that are not in it.
   *
   * @param {number} most
   * @returns {Stored}
   */
  snapshot(most) {
    const logged = [...this.#logged.values()];
    return {
      messages: logged.slice(Math.max(0, logged.length - most)),
      unsent: [...this.#unlogged.values()].map((message) => ({ message, body: this.bodyOf(message) })),
    };
  }

  /** @param {Stored} stored */
  restore({ messages, unsent }) {
    messages.forEach((message) => this.#log(message));
    unsent.forEach(({ message, body }) => this.add(message, body));
  }

  /** A message whose question was never shown still gets its answer. @param {string} id */
  #answered(id) {
    const known = this.#logged.get(id);
    if (known) {
      return known;
    }
    const message = this.#unlogged.get(id) ?? newMessage(id, '', undefined);
    this.#log(message);
    return message;
  }

  /** @param {Message} message */
  #log(message) {
    this.#unlogged.delete(message.id);
    this.#bodies.delete(message.id);
    this.#logged.set(message.id, message);
    if (this.#logged.size > MOST_MESSAGES) {
      const [oldest] = this.#logged.values();
      if (oldest.state === 'complete') {
        this.#logged.delete(oldest.id);
      }
    }
  }
}

/**
 * @param {Message} message
 * @param {Chunk} chunk
 */
function apply(message, chunk) {
  const type = chunk.chunk_type ?? 'content';
  message.step = null;
  message.question = null;
  if (type === 'content') {
    message.answer += chunk.chunk;
    return;
  }
  if (type === 'reset') {
    // The text of the withdrawn chunks is removed, their numbers stay used.
    const from = chunk.metadata?.from_chunk_id ?? 0;
    const at = message.starts[from] ?? message.answer.length;
    message.answer = message.answer.slice(0, at);
    message.starts.fill(at, from);
  } else if (type === 'error') {
    message.error = chunk.error ?? { code: '', message: 'The answer failed' };
  } else if (type === 'status' && chunk.metadata?.status === 'interrupt') {
    message.question = questionOf(chunk.chunk_id, chunk.metadata.interrupt ?? {});
  }
  addStep(message, { ...chunk.metadata, type });
}

/**
 * A workflow asks with a text; a service of another kind can ask with any value.
 *
 * @param {{question?: any}} [interrupt]
 * @returns {string}
 */
export function wordsOf({ question } = {}) {
  return typeof question === 'string' ? question : JSON.stringify(question ?? '', null, 2);
}

/**
 * @param {number} chunkId
 * @param {Record<string, any>} interrupt
 * @returns {Question}
 */
function questionOf(chunkId, interrupt) {
  const { answers, arguments: details } = interrupt;
  return {
    chunkId,
    text: wordsOf(interrupt),
    details: typeof details === 'string' ? details : '',
    answers: Array.isArray(answers) ? answers.map(String) : [],
  };
}

/**
 * Reasoning and tool calls stream in pieces, as text does, and are one step until something else happens.
 *
 * @param {Message} message
 * @param {Step} step
 */
function addStep(message, step) {
  const last = message.steps.at(-1);
  if (step.type === 'reasoning' && last?.type === 'reasoning') {
    last.text += step.text;
  } else if (step.type === 'tool_call' && last?.type === 'tool_call' && last.call_id === step.call_id) {
    last.arguments += step.arguments;
  } else if (step.type === 'status' && step.status === 'kept') {
    // Where the service keeps the answer: for workers, not a step of the answer.
  } else if (message.steps.length < MOST_STEPS) {
    message.steps.push(step);
  }
  message.step = step;
}

/**
 * @param {string} id
 * @param {string} text
 * @param {string | null | undefined} parentId
 * @returns {Message}
 */
export function newMessage(id, text, parentId) {
  return {
    id,
    parentId,
    text,
    state: 'accepted',
    answer: '',
    steps: [],
    step: null,
    question: null,
    incomplete: false,
    error: null,
    finishReason: null,
    model: null,
    tokens: null,
    starts: [],
  };
}

/**
 * A question and its answer are chunks of type `status` in the stream.
 *
 * @param {Step} step
 * @returns {Step}
 */
function stepFromHistory(step) {
  switch (step.type) {
    case 'question':
      return { type: 'status', status: 'interrupt', interrupt: { question: step.text } };
    case 'answer':
      return { type: 'status', status: 'resumed', answer: step.text };
    default:
      return step;
  }
}

/**
 * A message from the history or a resync.
 *
 * @param {Past} past
 * @returns {Message}
 */
export function fromHistory(past) {
  return {
    ...newMessage(past.message_id, past.text ?? '', past.parent_id ?? null),
    state: 'complete',
    answer: past.answer ?? '',
    steps: (past.activity ?? []).map(stepFromHistory),
    finishReason: past.finish_reason ?? 'stop',
    model: past.model ?? null,
    tokens: past.token_count ?? past.tokens_used ?? null,
    error: past.error ?? null,
  };
}
