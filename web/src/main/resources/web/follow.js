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
/** By key: what is followed, with its newest cursor. */
const followed = new Map();
let keys = 0;
let holder = null;
let heard = 0;

/**
 * Follows a session from a cursor on, or the user's list of sessions.
 *
 * @param {{base: string, user: string, session: string | null, cursor: string | null}} lane without a session: the list
 * @param {{onEvent: (name: string, id: string | null, data: string) => void,
 *     onState: (state: 'reconnecting' | 'refused', problem?: object) => void}} on
 */
export function follow(lane, on) {
  const conversation = { lane: { ...lane }, on, key: null };
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

function open(conversation) {
  followed.delete(conversation.key);
  conversation.key = `${client}.${++keys}`;
  followed.set(conversation.key, conversation);
  send({ type: 'open', key: conversation.key, lane: conversation.lane });
}

/** Another holder from now on: everything is asked for again. */
function hold(next) {
  holder?.end();
  holder = next;
  heard = Date.now();
  [...followed.values()].forEach(open);
}

function send(message) {
  holder.send({ ...message, client });
}

function receive(message) {
  heard = Date.now();
  if (message.type === 'ping') {
    send({ type: 'pong' });
    return;
  }
  const conversation = followed.get(message.key);
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
  if (followed.size > 0 && Date.now() - heard > HOLDER_DEAD_AFTER_MS) {
    hold(holder.again());
  }
}

function workerHolder() {
  let worker;
  try {
    worker = new SharedWorker(new URL('./shared.js', import.meta.url), { type: 'module', name: NAME });
  } catch {
    return null; // there is none here, or it may not be loaded from another origin
  }
  const { port } = worker;
  const current = {
    send: (message) => port.postMessage(message),
    again: () => workerHolder() ?? lockHolder() ?? ownHolder(),
    end: () => {
      clearTimeout(starting);
      port.close();
    },
  };
  const failed = () => holder === current && hold(lockHolder() ?? ownHolder());
  const starting = setTimeout(failed, READY_WITHIN_MS);
  worker.onerror = failed;
  port.onmessage = ({ data }) => {
    clearTimeout(starting);
    holder === current && receive(data);
  };
  return current;
}

function lockHolder() {
  if (!globalThis.navigator?.locks || !globalThis.BroadcastChannel) {
    return null;
  }
  const channel = new BroadcastChannel(NAME);
  const waiting = new AbortController();
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
      hold(lockHolder());
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
function ownHolder(host = new Host()) {
  const current = {
    send: (message) => host.receive(message, (answer) => holder === current && receive(answer)),
    again: () => current,
    end: () => {},
  };
  return current;
}
