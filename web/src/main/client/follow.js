/**
 * One stream for all tabs of a browser: a page's conversations reach it through whatever the browser has. In a SharedWorker,
 * which only a page from the gateway's own origin can load; else in the tab that holds a lock, for the others over a
 * BroadcastChannel; else in each tab for itself.
 *
 * Each conversation keeps its own cursor and asks again at it when the stream's holder is gone. What an earlier holder
 * still sends is told by its key and dropped, so nothing is missing or doubled.
 *
 * @module follow
 */

import { mintId } from './ids.js';
import { Host } from './streams.js';

/** Changes with the messages between tabs: tabs of two versions do not talk to each other. */
const NAME = 'antiphon.1';
/** A SharedWorker that has not started by then is taken for one that never will. */
const READY_WITHIN_MS = 3_000;
/** The holder asks every 5 s whether we live; after this silence it is taken for dead. */
const HOLDER_DEAD_AFTER_MS = 20_000;
const LOOK_EVERY_MS = 5_000;

const client = mintId('tab');
/** @typedef {import('./streams.js').Asked} Asked */
/** @typedef {import('./streams.js').Answer} Answer */

/**
 * @typedef {object} Listener
 * @property {(name: string, id: string | null, data: string) => void} onEvent
 * @property {(state: 'reconnecting' | 'refused', problem?: import('./streams.js').Refusal) => void} onState
 */

/** @typedef {{lane: Asked, on: Listener, key: string}} Followed */

/**
 * The way to the streams: `again` gives one that replaces it, `end` lets go of it.
 *
 * @typedef {object} Holder
 * @property {(message: import('./streams.js').Request) => void} send
 * @property {() => Holder | null} again
 * @property {() => void} end
 */

/** By key: what is followed, with its newest cursor. @type {Map<string, Followed>} */
const followed = new Map();
let keys = 0;
/** @type {Holder | null} */
let holder = null;
let heard = 0;

/**
 * Follows a session from a cursor on, or the user's list of sessions.
 *
 * @param {Asked} lane without a session: the list
 * @param {Listener} on
 */
export function follow(lane, on) {
  /** @type {Followed} */
  const conversation = { lane: { ...lane }, on, key: '' };
  holder ?? begin();
  open(conversation);
  return {
    /** Does not wait with a retry. */
    hurry: () => send({ type: 'hurry', key: conversation.key }),
    close: () => {
      followed.delete(conversation.key);
      send({ type: 'close', key: conversation.key });
    },
  };
}

function begin() {
  hold(workerHolder() ?? lockHolder() ?? ownHolder());
  setInterval(look, LOOK_EVERY_MS);
  globalThis.addEventListener?.('pagehide', () => send({ type: 'bye' }));
}

/** @param {Followed} conversation */
function open(conversation) {
  followed.delete(conversation.key);
  conversation.key = `${client}.${++keys}`;
  followed.set(conversation.key, conversation);
  send({ type: 'open', key: conversation.key, lane: conversation.lane });
}

/** Another holder from now on: everything is asked for again. @param {Holder} next */
function hold(next) {
  holder?.end();
  holder = next;
  heard = Date.now();
  [...followed.values()].forEach(open);
}

/** @param {{type: string, key?: string, lane?: Asked}} message */
function send(message) {
  holder?.send({ ...message, client });
}

/** @param {Answer} message */
function receive(message) {
  heard = Date.now();
  if (message.type === 'ping') {
    send({ type: 'pong' });
    return;
  }
  const conversation = followed.get(message.key ?? '');
  if (message.type === 'event') {
    if (conversation) {
      conversation.lane.cursor = message.id ?? conversation.lane.cursor;
      conversation.on.onEvent(message.event, message.id, message.data);
    }
  } else if (message.type === 'state') {
    conversation?.on.onState(message.state, message.problem);
  }
}

/** A holder that was killed says nothing, and one that took us for dead neither: this page may have been frozen. */
function look() {
  if (holder && followed.size > 0 && Date.now() - heard > HOLDER_DEAD_AFTER_MS) {
    hold(holder.again() ?? ownHolder());
  }
}

/** @returns {Holder | null} */
function workerHolder() {
  /** @type {SharedWorker} */
  let worker;
  try {
    worker = new SharedWorker(new URL('./shared.js', import.meta.url), { type: 'module', name: NAME });
  } catch {
    return null; // there is none here, or it may not be loaded from another origin
  }
  const { port } = worker;
  /** @type {Holder} */
  const current = {
    send: (message) => port.postMessage(message),
    again: () => workerHolder() ?? lockHolder() ?? ownHolder(),
    end: () => {
      clearTimeout(starting);
      port.close();
    },
  };
  const failed = () => {
    if (holder === current) {
      hold(lockHolder() ?? ownHolder());
    }
  };
  const starting = setTimeout(failed, READY_WITHIN_MS);
  worker.onerror = failed;
  port.onmessage = ({ data }) => {
    clearTimeout(starting);
    if (holder === current) {
      receive(data);
    }
  };
  return current;
}

/** @returns {Holder | null} */
function lockHolder() {
  if (!globalThis.navigator?.locks || !globalThis.BroadcastChannel) {
    return null;
  }
  const channel = new BroadcastChannel(NAME);
  const waiting = new AbortController();
  /** @type {Holder} */
  const current = {
    send: (message) => channel.postMessage({ ...message, to: 'leader' }),
    again: lockHolder,
    end: () => {
      waiting.abort();
      channel.close();
    },
  };
  channel.onmessage = ({ data }) => {
    if (holder === current && data.to === client) {
      receive(data);
    } else if (holder === current && data.type === 'leader') {
      hold(lockHolder() ?? ownHolder());
    }
  };
  navigator.locks
    .request(NAME, { signal: waiting.signal }, () => (holder === current ? lead() : undefined))
    .catch((failure) => {
      // Aborted: another holder came first. Else there are no locks for this page.
      if (failure.name !== 'AbortError' && holder === current) {
        hold(ownHolder());
      }
    });
  return current;
}

/** Leads until this page goes; then the browser gives the lock to another tab. */
function lead() {
  const channel = new BroadcastChannel(NAME);
  const host = new Host();
  channel.onmessage = ({ data }) => {
    if (data.to === 'leader') {
      host.receive(data, (message) => channel.postMessage({ ...message, to: data.client }));
    }
  };
  hold(ownHolder(host));
  channel.postMessage({ type: 'leader' });
  return new Promise(() => {});
}

/** The streams are held here. */
/** @returns {Holder} */
function ownHolder(host = new Host()) {
  /** @type {Holder} */
  const current = {
    send: (message) =>
      host.receive(message, (answer) => {
        if (holder === current) {
          receive(answer);
        }
      }),
    again: () => current,
    end: () => {},
  };
  return current;
}
