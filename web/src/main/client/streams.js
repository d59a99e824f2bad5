/**
 * The streams of a browser: `POST /api/streams` carries up to 32 sessions of a user and the user's list (PROTOCOL.md
 * section 5), so that any number of tabs leaves connections free for requests. This module runs in a SharedWorker, in
 * one tab for all tabs, or in each tab; `follow.js` chooses.
 *
 * @module streams
 */

import { Problem } from './problem.js';

/** The gateway's limit. */
const MOST_LANES = 32;
/** How long lanes are collected before a stream opens, so that tabs that open together cause one request. */
const GATHER_MS = 30;
/** The first retry is quick, because in most interruptions one pod stops while others run. */
const FIRST_RETRY_MS = 300;
const LONGEST_RETRY_MS = 10_000;
/** A shorter stream counts as a failure. Otherwise a pod that accepts and closes streams is asked without pause. */
const PROVEN_AFTER_MS = 5_000;
/**
 * A gateway sends something every 15 s. A connection can fail without an event (a suspended laptop, a router that
 * forgot it), and to reconnect at the cursors costs one request.
 */
const BELIEVED_SILENCE_MS = 25_000;
/** The interval of pings to clients, and the silence after which a client is removed. It can open its lanes again. */
const PING_EVERY_MS = 5_000;
const CLIENT_DEAD_AFTER_MS = 60_000;
const ID = /^[A-Za-z0-9_-]{1,128}$/;

/**
 * The request of a tab: a session from a cursor on, or, without a session, the user's list.
 *
 * @typedef {{base: string, user: string, session: string | null, cursor: string | null}} Asked
 */

/** @typedef {{type: string, client: string, key?: string, lane?: Asked}} Request */
/** @typedef {{status: number, code: string, message: string}} Refusal */

/**
 * An answer to a tab; all but `ping` name the lane by its `key`.
 *
 * @typedef {{type: 'ping', key?: string}
 *     | {type: 'event', key?: string, event: string, id: string | null, data: string}
 *     | {type: 'state', key?: string, state: 'reconnecting' | 'refused', problem?: Refusal}} Answer
 */

/** @typedef {(answer: Answer) => void} Reply */

/**
 * @typedef {object} Lane
 * @property {string | null} session
 * @property {string | null} cursor
 * @property {boolean} refused
 * @property {Reply} tell
 * @property {Stream} stream
 */

/** @typedef {{heard: number, reply: Reply, lanes: Map<string | undefined, Lane>}} Client */

/** Serves the tabs of a browser. Messages come from `follow.js`; the answers go to the tab that opened the lane. */
export class Host {
  /** @type {Stream[]} */
  #streams = [];
  /** By client id: the time of its last message, its reply function, its lanes by key. @type {Map<string, Client>} */
  #clients = new Map();
  /** @type {ReturnType<typeof setInterval> | undefined} */
  #pinging;

  /**
   * @param {Request} message
   * @param {Reply} reply reaches the client that sent it
   */
  receive(message, reply) {
    const client = this.#clients.get(message.client) ?? { heard: 0, reply, lanes: new Map() };
    client.heard = Date.now();
    client.reply = reply;
    this.#clients.set(message.client, client);
    this.#pinging ??= setInterval(() => this.#ping(), PING_EVERY_MS);
    const lane = client.lanes.get(message.key);
    switch (message.type) {
      case 'open':
        this.#open(client, message.key, /** @type {Asked} */ (message.lane));
        break;
      case 'again':
        lane?.stream.openNow();
        break;
      case 'hurry':
        lane?.stream.hurry();
        break;
      case 'close':
        client.lanes.delete(message.key);
        lane?.stream.remove(lane);
        break;
      case 'bye':
        this.#drop(message.client);
        break;
    }
  }

  /**
   * @param {Client} client
   * @param {string | undefined} key
   * @param {Asked} asked
   */
  #open(client, key, { base, user, session, cursor }) {
    // The gateway refuses a whole request because of one malformed id, so such a session gets a stream of its own.
    const alone = session !== null && !ID.test(session);
    let stream = this.#streams.find((open) => !alone && open.takes(base, user, session));
    if (!stream) {
      stream = new Stream(base, user, alone, (empty) => this.#streams.splice(this.#streams.indexOf(empty), 1));
      this.#streams.push(stream);
    }
    /** @type {Lane} */
    const lane = { session, cursor, refused: false, tell: (answer) => client.reply({ ...answer, key }), stream };
    client.lanes.set(key, lane);
    stream.add(lane);
  }

  /** @param {string} id */
  #drop(id) {
    const client = this.#clients.get(id);
    this.#clients.delete(id);
    client?.lanes.forEach((lane) => lane.stream.remove(lane));
    if (this.#clients.size === 0) {
      clearInterval(this.#pinging);
      this.#pinging = undefined;
    }
  }

  /** Removes clients that are silent: a tab that crashed sends no `bye`. */
  #ping() {
    for (const [id, client] of [...this.#clients]) {
      if (Date.now() - client.heard > CLIENT_DEAD_AFTER_MS) {
        this.#drop(id);
      } else {
        client.reply({ type: 'ping' });
      }
    }
  }
}

/** Whether a lane has no conversation and gets the changes of the user's list. @param {Lane} lane */
const isList = ({ session }) => session === null;

/** One stream of one user. A lane is one conversation of one tab, with its own cursor, or one tab's list. */
class Stream {
  #base;
  #user;
  #alone;
  #onEmpty;
  /** @type {Set<Lane>} */
  #lanes = new Set();
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #timer;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #watchdog;
  /** @type {AbortController | null} */
  #attempt = null;
  #failures = 0;
  #lost = false;

  /**
   * @param {string} base
   * @param {string} user
   * @param {boolean} alone whether it accepts only one lane
   * @param {(stream: Stream) => void} onEmpty
   */
  constructor(base, user, alone, onEmpty) {
    this.#base = base;
    this.#user = user;
    this.#alone = alone;
    this.#onEmpty = onEmpty;
  }

  /**
   * @param {string} base
   * @param {string} user
   * @param {string | null} session
   */
  takes(base, user, session) {
    const room = session === null || [...this.#lanes].filter((other) => !isList(other)).length < MOST_LANES;
    return !this.#alone && base === this.#base && user === this.#user && room;
  }

  /** @param {Lane} lane */
  add(lane) {
    this.#lanes.add(lane);
    this.#openIn(GATHER_MS);
  }

  /** @param {Lane} lane */
  remove(lane) {
    if (!this.#lanes.delete(lane)) {
      return;
    }
    if (this.#lanes.size > 0) {
      this.#openIn(GATHER_MS);
    } else {
      clearTimeout(this.#timer);
      this.#end();
      this.#onEmpty(this);
    }
  }

  /** If a retry is waiting, retries now. */
  hurry() {
    if (this.#lost) {
      this.openNow();
    }
  }

  openNow() {
    this.#openIn(0);
  }

  /** @param {number} ms */
  #openIn(ms) {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#open(), ms);
  }

  #end() {
    clearTimeout(this.#watchdog);
    this.#attempt?.abort();
    this.#attempt = null;
  }

  async #open() {
    this.#end();
    this.#lost = false;
    const open = [...this.#lanes].filter(({ refused }) => !refused);
    if (open.length === 0) {
      return;
    }
    const lanes = open.filter((lane) => !isList(lane));
    const attempt = new AbortController();
    this.#attempt = attempt;
    const openedAt = Date.now();
    let problem = null;
    this.#watch(attempt);
    try {
      const response = await fetch(new URL('api/streams', this.#base), {
        method: 'POST',
        headers: { 'Content-Type': 'application/json' },
        body: JSON.stringify({
          user_id: this.#user,
          sessions: lanes.map(({ session, cursor }) => ({ session_id: session, last_event_id: cursor ?? undefined })),
          list: lanes.length < open.length || undefined,
        }),
        signal: attempt.signal,
      });
      if (response.ok && response.body) {
        await this.#read(response.body, lanes, attempt);
      } else {
        problem = await Problem.of(response);
      }
    } catch (failure) {
      // A network error has no details for the user; every lane gets the new state.
      problem = failure instanceof Problem ? failure : null;
    }
    if (this.#attempt === attempt) {
      this.#over(problem, Date.now() - openedAt);
    }
  }

  /**
   * The stream ended, but not because this class ended it.
   *
   * @param {Problem | null} problem
   * @param {number} lived in milliseconds
   */
  #over(problem, lived) {
    this.#end();
    const lanes = [...this.#lanes].filter(({ refused }) => !refused);
    // A server without this call can be an older one that is about to be replaced.
    if (problem && !problem.transient && !problem.unknownCall) {
      lanes.forEach((lane) => this.#refuse(lane, problem));
      return;
    }
    if (lived > PROVEN_AFTER_MS) {
      this.#failures = 0;
    }
    this.#lost = true;
    lanes.forEach((lane) => lane.tell({ type: 'state', state: 'reconnecting' }));
    const ceiling = Math.min(LONGEST_RETRY_MS, FIRST_RETRY_MS * 2 ** this.#failures++);
    this.#openIn((problem?.retryAfter ?? 0) + ceiling * (0.5 + Math.random() / 2));
  }

  /**
   * @param {Lane} lane
   * @param {Refusal} problem
   */
  #refuse(lane, { status, code, message }) {
    lane.refused = true;
    lane.tell({ type: 'state', state: 'refused', problem: { status, code, message } });
  }

  /** @param {AbortController} attempt */
  #watch(attempt) {
    clearTimeout(this.#watchdog);
    this.#watchdog = setTimeout(() => attempt === this.#attempt && this.openNow(), BELIEVED_SILENCE_MS);
  }

  /**
   * @param {ReadableStream<BufferSource>} body
   * @param {Lane[]} lanes in the order of the request: the stream names them by their index
   * @param {AbortController} attempt
   */
  async #read(body, lanes, attempt) {
    const reader = body.pipeThrough(new TextDecoderStream()).getReader();
    const events = new EventReader();
    /** @type {Lane | null} */
    let lane = null;
    for (;;) {
      const { done, value } = await reader.read();
      if (done || this.#attempt !== attempt) {
        return;
      }
      this.#watch(attempt);
      for (const event of events.read(value)) {
        if (event.event === 'session') {
          lane = lanes[JSON.parse(event.data).index];
        } else if (event.event === 'list') {
          const { data } = event;
          [...this.#lanes]
            .filter(isList)
            .forEach((list) => list.tell({ type: 'event', event: 'list', id: null, data }));
        } else if (lane && this.#lanes.has(lane)) {
          this.#heard(lane, event);
        }
      }
    }
  }

  /**
   * @param {Lane} lane
   * @param {ServerEvent} event
   */
  #heard(lane, { event, id, data }) {
    if (id) {
      lane.cursor = id;
      this.#failures = 0;
    }
    if (event === 'refused') {
      const { status, code, title } = JSON.parse(data);
      const problem = new Problem(status, code, title, null);
      if (problem.transient) {
        this.#over(problem, 0); // otherwise the other lanes would keep a stream open that lacks this one
      } else {
        this.#refuse(lane, problem);
      }
    } else {
      lane.tell({ type: 'event', event, id: id ?? null, data });
    }
  }
}

/** @typedef {{event: string, id?: string, data: string}} ServerEvent */

/**
 * Splits the text of a gateway's stream into events. The text can arrive in pieces of any size. A gateway writes a
 * space after each colon and one line of data per event. Comments are skipped.
 */
export class EventReader {
  /** @type {Record<string, string>} */
  #fields = {};
  #rest = '';

  /**
   * @param {string} text
   * @returns {ServerEvent[]} the events that this text completes
   */
  read(text) {
    const lines = (this.#rest + text).split('\n');
    this.#rest = lines.pop() ?? '';
    const events = [];
    for (const line of lines) {
      if (line !== '') {
        const colon = line.indexOf(': ');
        this.#fields[line.slice(0, colon)] = line.slice(colon + 2);
      } else {
        if (this.#fields.event) {
          events.push(/** @type {any} */ (this.#fields));
        }
        this.#fields = {};
      }
    }
    return events;
  }
}
