/**
 * One tab of a browser, as a thread: it follows a session and reports each event to the test. The BroadcastChannel of
 * Node.js connects threads as a browser connects tabs; `browser.js` models the locks of a browser.
 *
 * @module tab
 */

import { parentPort, workerData } from 'node:worker_threads';

const waiting = new Map();
let requests = 0;

const locks = {
  request(name, { signal }, held) {
    const id = ++requests;
    return new Promise((resolve, reject) => {
      waiting.set(id, () => Promise.resolve(held()).then(resolve, reject));
      signal.addEventListener('abort', () => {
        if (waiting.delete(id)) {
          parentPort.postMessage({ type: 'unlock', id });
          reject(new DOMException('another holder came first', 'AbortError'));
        }
      });
      parentPort.postMessage({ type: 'lock', id });
    });
  },
};
Object.defineProperty(globalThis, 'navigator', { value: { locks } });

parentPort.on('message', ({ type, id }) => {
  if (type === 'locked') {
    const held = waiting.get(id);
    waiting.delete(id);
    held?.();
  }
});

const { follow } = await import('../../../main/client/follow.js');
const { base, session } = workerData;
follow(
  { base, user: 'u1', session, cursor: null },
  {
    onEvent: (name, id) => parentPort.postMessage({ type: 'event', name, id }),
    onState: (state) => parentPort.postMessage({ type: 'state', state }),
  },
);
