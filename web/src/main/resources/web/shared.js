/**
 * The SharedWorker that holds the streams of all tabs.
 *
 * @module shared
 */

import { Host } from './streams.js';

const host = new Host();

globalThis.onconnect = ({ ports: [port] }) => {
  port.onmessage = ({ data }) => host.receive(data, (message) => port.postMessage(message));
  port.postMessage({ type: 'ready' });
};
