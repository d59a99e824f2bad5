/**
 * A chat session of an Antiphon gateway as a React hook.
 *
 *     const { messages, send, stop, answer, status, error } = useAntiphonChat({ baseUrl: 'https://chat.example' });
 *
 * @module react
 */

import { useState, useSyncExternalStore } from 'react';
import { mintId } from '@antiphon/client';
import { ChatStore } from './store.js';

/** @typedef {import('./store.js').ChatState} ChatState */
/** @typedef {import('./store.js').Status} Status */
/** @typedef {Partial<import('./store.js').ChatOptions>} Options */

/**
 * @typedef {object} Actions
 * @property {string} session
 * @property {string} user
 * @property {ChatStore['send']} send
 * @property {ChatStore['stop']} stop
 * @property {ChatStore['answer']} answer
 * @property {ChatStore['retry']} retry
 * @property {ChatStore['reconnect']} reconnect
 */

/**
 * Follows a session while the component is mounted. A new `session`, `user` or `baseUrl` opens another conversation;
 * the `snapshot` is used when a conversation opens. The functions stay the same in every render of a conversation.
 *
 * @param {Options} [options] session and user are generated for the component if left out
 * @returns {ChatState & Actions}
 */
export function useAntiphonChat(options = {}) {
  const [made] = useState(() => ({ session: mintId('sess'), user: mintId('user') }));
  const { baseUrl, snapshot } = options;
  const session = options.session ?? made.session;
  const user = options.user ?? made.user;
  const wanted = { session, user, baseUrl, snapshot };
  const [store, setStore] = useState(() => new ChatStore(wanted));
  if (!store.isFor(wanted)) {
    // React renders again at once, before the old conversation is visible under the new name.
    setStore(new ChatStore(wanted));
  }
  const state = useSyncExternalStore(store.subscribe, store.state, store.state);
  const { send, stop, answer, retry, reconnect } = store;
  return { ...state, session, user, send, stop, answer, retry, reconnect };
}
