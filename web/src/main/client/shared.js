/**
 * The SharedWorker that holds the streams of all tabs.
 *
 * @module shared
 */

import { Host } from './streams.js';

const host = new Host();

// The types of a page know no SharedWorkerGlobalScope: the event is one of messages, with a port.
addEventListener('connect', (event) => {
  const [port] = /** @type {MessageEvent} */ (event).ports;
  port.onmessage = ({ data }) => host.receive(data, (message) => port.postMessage(message));
  port.postMessage({ type: 'ready' });
});
