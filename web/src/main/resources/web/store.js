/**
 * The page's data in this browser: the user, their choices, and one snapshot for each recent session. Transcript and
 * cursor are one value under one key. So whichever tab wrote last, the page reads back a state that existed, and the
 * stream continues exactly after it.
 *
 * In a browser that forbids storage the page forgets everything on reload, and works otherwise.
 *
 * @module store
 */

import { mintId } from './antiphon.js';

const USER = 'antiphon.user';
const SESSION = 'antiphon.session.';
/** Session ids, newest first. */
const RECENT = 'antiphon.recent';
const DRAFT = 'antiphon.draft.';
const PICKS = 'antiphon.picks';
const MOST_SESSIONS = 20;
/** The maximum number of messages to remember of one session; the server's history has all of them. */
const MOST_MESSAGES = 200;
const MOST_CHARACTERS = 1_000_000;
const ID = /^[A-Za-z0-9_-]{1,128}$/;

/** This browser's user, created on the first visit. */
export function user() {
  const known = read('localStorage', USER);
  if (ID.test(known ?? '')) {
    return known;
  }
  const minted = mintId('user');
  write('localStorage', USER, minted);
  return minted;
}

/** The session that the address names, as `#session=…` or `?session=…`; null if it names no valid one. */
export function sessionInAddress() {
  const fragment = new URLSearchParams(location.hash.slice(1)).get('session');
  const session = fragment ?? new URLSearchParams(location.search).get('session');
  return ID.test(session ?? '') ? session : null;
}

export function addressOf(session) {
  return `${location.pathname}#session=${session}`;
}

/** The session's snapshot, or null. */
export function load(session) {
  try {
    return JSON.parse(read('localStorage', SESSION + session));
  } catch {
    return null;
  }
}

/** Remembers a conversation, and removes the least recently used sessions when there are many or space is short. */
export function save(conversation) {
  const { session } = conversation;
  const recent = [session, ...recentSessions().filter((other) => other !== session)];
  recent.splice(MOST_SESSIONS).forEach(forget);
  const value = snapshotOf(conversation);
  while (!write('localStorage', SESSION + session, value)) {
    const oldest = recent.pop();
    forget(oldest);
    if (oldest === session) {
      return;
    }
  }
  write('localStorage', RECENT, JSON.stringify(recent));
}

function snapshotOf(conversation) {
  let most = MOST_MESSAGES;
  let value = JSON.stringify(conversation.snapshot(most));
  while (value.length > MOST_CHARACTERS && most > 1) {
    most = Math.floor(most / 2);
    value = JSON.stringify(conversation.snapshot(most));
  }
  return value;
}

/** The text that was typed and not sent, for this tab. */
export function draft(session) {
  return read('sessionStorage', DRAFT + session) ?? '';
}

export function saveDraft(session, text) {
  write('sessionStorage', DRAFT + session, text);
}

/** The latest choices in this browser, one value per list. */
export function picks() {
  try {
    const known = JSON.parse(read('localStorage', PICKS));
    return Array.isArray(known) ? known : [];
  } catch {
    return [];
  }
}

export function savePicks(values) {
  write('localStorage', PICKS, JSON.stringify(values));
}

function recentSessions() {
  try {
    const known = JSON.parse(read('localStorage', RECENT));
    return Array.isArray(known) ? known.filter((session) => ID.test(session)) : [];
  } catch {
    return [];
  }
}

function read(storage, key) {
  try {
    return globalThis[storage].getItem(key);
  } catch {
    return null;
  }
}

function write(storage, key, value) {
  try {
    globalThis[storage].setItem(key, value);
    return true;
  } catch {
    return false;
  }
}

/** Forgets a deleted session. */
export function forget(session) {
  try {
    globalThis.localStorage.removeItem(SESSION + session);
  } catch {
    // Storage is forbidden, so nothing was stored either.
  }
}
