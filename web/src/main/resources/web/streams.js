/**
 * The streams of a browser: `POST /api/streams` carries up to 32 sessions of a user and the user's list (PROTOCOL.md section
 * 5), so that any number of tabs leaves connections free for sending. Runs in a SharedWorker, in one tab for all, or in each tab for itself;
 * `follow.js` chooses.
 *
 * @module streams
 */

import { Problem } from './problem.js';

/** As the gateway bounds it. */
const MOST_LANES = 32;
/** Tabs that open together get one stream, not one after the other. */
const GATHER_MS = 30;
/** The first retry is quick, because most interruptions are one pod going away while others run. */
const FIRST_RETRY_MS = 300;
const LONGEST_RETRY_MS = 10_000;
/** A stream that lived shorter was no success: without this, a pod that accepts and drops is asked at full speed. */
const PROVEN_AFTER_MS = 5_000;
/** A gateway says something every 15 s. A connection can die without a word (a suspended laptop, a router that forgot it),
 * and opening again at the cursors costs one request. */
const BELIEVED_SILENCE_MS = 25_000;
/** How often clients are asked whether they live, and when one that does not answer is given up. It can ask again. */
const PING_EVERY_MS = 5_000;
const CLIENT_DEAD_AFTER_MS = 60_000;
const ID = /^[A-Za-z0-9_-]{1,128}$/;

/** Serves the tabs of a browser. Messages come from `follow.js`, and go back to the tab that a lane is of. */
export class Host {
  #streams = [];
  /** By client id: when it was heard last, how to answer it, its lanes by key. */
  #clients = new Map();
  #pinging = null;

  /**
   * @param {{type: string, client: string, key?: string, lane?: object}} message
   * @param {(message: object) => void} reply reaches the client that sent it
   */
  receive(message, reply) {
    const client = this.#clients.get(message.client) ?? { lanes: new Map() };
    client.heard = Date.now();
    client.reply = reply;
    this.#clients.set(message.client, client);
    this.#pinging ??= setInterval(() => this.#ping(), PING_EVERY_MS);
    const lane = client.lanes.get(message.key);
    switch (message.type) {
      case 'open':
        this.#open(client, message.key, message.lane);
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

  #open(client, key, { base, user, session, cursor }) {
    const lane = { session, cursor, refused: false, tell: (message) => client.reply({ ...message, key }) };
    // What the gateway refuses as a whole must not take others with it.
    const alone = session !== null && !ID.test(session);
    lane.stream = this.#streams.find((stream) => !alone && stream.takes(base, user, lane));
    if (!lane.stream) {
      lane.stream = new Stream(base, user, alone, (stream) => this.#streams.splice(this.#streams.indexOf(stream), 1));
      this.#streams.push(lane.stream);
    }
    client.lanes.set(key, lane);
    lane.stream.add(lane);
  }

  #drop(id) {
    const client = this.#clients.get(id);
    this.#clients.delete(id);
    client.lanes.forEach((lane) => lane.stream.remove(lane));
    if (this.#clients.size === 0) {
      clearInterval(this.#pinging);
      this.#pinging = null;
    }
  }

  /** A tab that crashed says nothing. */
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

/** A lane that is no conversation: it gets what changes in the user's list. */
const isList = ({ session }) => session === null;

/** One stream of one user. Each lane is one conversation of one tab, with a cursor of its own, or one tab's list. */
class Stream {
  #base;
  #user;
  #alone;
  #onEmpty;
  #lanes = new Set();
  #timer = null;
  #watchdog = null;
  #attempt = null;
  #failures = 0;
  #lost = false;

  constructor(base, user, alone, onEmpty) {
    this.#base = base;
    this.#user = user;
    this.#alone = alone;
    this.#onEmpty = onEmpty;
  }

  takes(base, user, lane) {
    const room = isList(lane) || [...this.#lanes].filter((other) => !isList(other)).length < MOST_LANES;
    return !this.#alone && base === this.#base && user === this.#user && room;
  }

  add(lane) {
    this.#lanes.add(lane);
    this.#openIn(GATHER_MS);
  }

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

  /** Does not wait any longer with a retry. */
  hurry() {
    if (this.#lost) {
      this.openNow();
    }
  }

  openNow() {
    this.#openIn(0);
  }

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
      if (response.ok) {
        await this.#read(response.body, lanes, attempt);
      } else {
        problem = await Problem.of(response);
      }
    } catch (failure) {
      // What ended the stream says nothing more; the state that follows from it is told to every lane.
      problem = failure instanceof Problem ? failure : null;
    }
    if (this.#attempt === attempt) {
      this.#over(problem, Date.now() - openedAt);
    }
  }

  /** It ended, and not because we wanted it. */
  #over(problem, lived) {
    this.#end();
    const lanes = [...this.#lanes].filter(({ refused }) => !refused);
    // A server that does not know the call may be an older one that is about to be replaced.
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

  #refuse(lane, { status, code, message }) {
    lane.refused = true;
    lane.tell({ type: 'state', state: 'refused', problem: { status, code, message } });
  }

  #watch(attempt) {
    clearTimeout(this.#watchdog);
    this.#watchdog = setTimeout(() => attempt === this.#attempt && this.openNow(), BELIEVED_SILENCE_MS);
  }

  async #read(body, lanes, attempt) {
    const reader = body.pipeThrough(new TextDecoderStream()).getReader();
    let lane = null;
    let event = {};
    let rest = '';
    for (;;) {
      const { done, value } = await reader.read();
      if (done || this.#attempt !== attempt) {
        return;
      }
      this.#watch(attempt);
      const lines = (rest + value).split('\n');
      rest = lines.pop();
      for (const line of lines) {
        if (line !== '') {
          const colon = line.indexOf(': ');
          event[line.slice(0, colon)] = line.slice(colon + 2);
        } else if (event.event === 'session') {
          lane = lanes[JSON.parse(event.data).index];
          event = {};
        } else if (event.event === 'list') {
          const told = { type: 'event', event: 'list', id: null, data: event.data };
          [...this.#lanes].filter(isList).forEach((list) => list.tell(told));
          event = {};
        } else {
          if (event.event && this.#lanes.has(lane)) {
            this.#heard(lane, event);
          }
          event = {};
        }
      }
    }
  }

  #heard(lane, { event, id, data }) {
    if (id) {
      lane.cursor = id;
      this.#failures = 0;
    }
    if (event === 'refused') {
      const { status, code, title } = JSON.parse(data);
      const problem = new Problem(status, code, title, null);
      if (problem.transient) {
        this.#over(problem, 0); // the others, or the list, would keep a stream open that lacks this one
      } else {
        this.#refuse(lane, problem);
      }
    } else {
      lane.tell({ type: 'event', event, id: id ?? null, data });
    }
  }
}
