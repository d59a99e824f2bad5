/**
 * The SharedWorker that holds the streams of all tabs.
 *
 * @module shared
 */

import { Host } from './streams.js';

const host = new Host();

// TypeScript's types of a page lack SharedWorkerGlobalScope: the event is a MessageEvent with a port.
addEventListener('connect', (event) => {
  const [port] = /** @type {MessageEvent} */ (event).ports;
  port.onmessage = ({ data }) => host.receive(data, (message) => port.postMessage(message));
  port.postMessage({ type: 'ready' });
});
