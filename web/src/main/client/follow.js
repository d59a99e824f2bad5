/**
 * One stream for all tabs of a browser. Its holder is a SharedWorker, if the page can load its script, which must be on
 * the page's own origin. Otherwise the holder is the tab that has a lock, and a BroadcastChannel connects the other
 * tabs. Without locks, each tab has its own stream.
 *
 * Each conversation keeps its cursor, and opens its lane there again when the holder is gone. Late events of an earlier
 * holder have an old key and are dropped, so nothing is missing or doubled.
 *
 * @module follow
 */

import { mintId } from './ids.js';
import { Host } from './streams.js';

/** Changes with the messages between tabs: tabs of two versions do not talk to each other. */
const NAME = 'antiphon.1';
/** A SharedWorker that has not started by then counts as unavailable. */
const READY_WITHIN_MS = 3_000;
/** The holder sends a ping every 5 s; after this silence it counts as dead. */
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
 * A tab's access to the streams: `again` makes a replacement, `end` releases it.
 *
 * @typedef {object} Holder
 * @property {(message: import('./streams.js').Request) => void} send
 * @property {() => Holder | null} again
 * @property {() => void} end
 */

/** By key: the followed lanes, with their newest cursors. @type {Map<string, Followed>} */
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
    /** If a retry is waiting, retries now. */
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

/** Replaces the holder and opens every lane again. @param {Holder} next */
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

/** A killed holder is silent. So is a holder that has removed this tab, because the browser had frozen the page. */
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
    return null; // the browser has none, or does not load it from another origin
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
      // Aborted: another holder came first. Any other failure: this page cannot use locks.
      if (failure.name !== 'AbortError' && holder === current) {
        hold(ownHolder());
      }
    });
  return current;
}

/** Leads until this page closes; then the browser gives the lock to another tab. */
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
