/**
 * Tabs as threads, and the lock that a browser gives to one of them at a time.
 *
 * @module browser
 */

import { Worker } from 'node:worker_threads';

export class Browser {
  #base;
  #tabs = new Set();
  /** The tabs that wait for the lock, the longest first; the first has it. */
  #queue = [];

  /** @param {string} base of the gateway */
  constructor(base) {
    this.#base = base;
  }

  /** Opens a tab with this session. */
  tab(session) {
    const worker = new Worker(new URL('./tab.js', import.meta.url), { workerData: { base: this.#base, session } });
    const tab = { session, events: [], isLeader: () => this.#queue[0]?.tab === tab && this.#queue[0].granted };
    tab.crash = async () => {
      await worker.terminate();
      this.#tabs.delete(tab);
      this.#queue = this.#queue.filter((entry) => entry.tab !== tab);
      this.#grant();
    };
    worker.on('message', (message) => {
      if (message.type === 'lock') {
        this.#queue.push({ tab, id: message.id, worker, granted: false });
        this.#grant();
      } else if (message.type === 'unlock') {
        this.#queue = this.#queue.filter((entry) => entry.tab !== tab || entry.id !== message.id || entry.granted);
      } else if (message.type === 'event') {
        tab.events.push(message.id);
      }
    });
    this.#tabs.add(tab);
    return tab;
  }

  /** Ends all tabs. */
  async close() {
    await Promise.all([...this.#tabs].map((tab) => tab.crash()));
  }

  #grant() {
    const [first] = this.#queue;
    if (first && !first.granted) {
      first.granted = true;
      first.worker.postMessage({ type: 'locked', id: first.id });
    }
  }
}
