/**
 * A model of a gateway: a real HTTP server that holds streams open while the test writes to them.
 *
 * @module gateway
 */

import { createServer } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';

const PATIENCE_MS = 10_000;

/** Waits until a condition holds and returns its value. */
export async function until(condition, what = condition) {
  const end = Date.now() + PATIENCE_MS;
  for (;;) {
    const value = condition();
    if (value) {
      return value;
    }
    if (Date.now() > end) {
      throw new Error(`timeout: ${what}`);
    }
    await sleep(5);
  }
}

/** Starts a gateway on a free port. */
export async function gateway() {
  const streams = [];
  const posts = [];
  const log = [];
  const made = {
    /** Every stream that was requested, the oldest first. */
    streams,
    /** Every other request. */
    posts,
    /** The response to other requests: `[status, headers]`. */
    answer: () => [202, {}],
    /** The error status for a request for a stream, or null to open the stream. */
    refuse: () => null,
    open: () => streams.filter(({ isOpen }) => isOpen),
    /** Appends an entry to a session's log: every open stream gets it, and later ones whose cursors are before it. */
    append: (session, id) => {
      log.push({ session, id });
      made.open().forEach((stream) => stream.event(session, 'chunk', id, {}));
    },
  };
  const server = createServer(async (request, response) => {
    let body = '';
    for await (const piece of request) {
      body += piece;
    }
    if (request.url !== '/api/streams') {
      posts.push({ path: request.url, body });
      const [status, headers] = made.answer(posts.length);
      response.writeHead(status, { 'Content-Type': 'application/json', ...headers }).end('{}');
      return;
    }
    const status = made.refuse(streams.length);
    if (status) {
      streams.push({ asked: JSON.parse(body), isOpen: false });
      response.writeHead(status, { 'Content-Type': 'application/problem+json' }).end('{"code":"made_up","title":"No"}');
      return;
    }
    response.writeHead(200, { 'Content-Type': 'text/event-stream' });
    response.flushHeaders();
    const stream = new Stream(JSON.parse(body), response);
    response.on('close', () => (stream.isOpen = false));
    streams.push(stream);
    for (const [session, cursor] of Object.entries(stream.cursors)) {
      const entries = log.filter((entry) => entry.session === session);
      entries
        .slice(entries.findIndex(({ id }) => id === cursor) + 1)
        .forEach(({ id }) => stream.event(session, 'chunk', id, {}));
    }
  });
  await new Promise((listening) => server.listen(0, '127.0.0.1', listening));
  made.url = `http://127.0.0.1:${server.address().port}/`;
  made.close = () => {
    server.closeAllConnections();
    server.close();
  };
  return made;
}

class Stream {
  isOpen = true;
  #response;

  constructor(asked, response) {
    this.asked = asked;
    this.#response = response;
  }

  /** The requested sessions with their cursors. */
  get cursors() {
    return Object.fromEntries(this.asked.sessions.map((lane) => [lane.session_id, lane.last_event_id ?? null]));
  }

  write(text) {
    this.#response.write(text);
  }

  /**
   * Sends an event of one of the sessions. A session that was requested twice gets it twice, as from a real gateway.
   */
  event(session, event, id, data) {
    this.asked.sessions.forEach((lane, index) => {
      if (lane.session_id === session) {
        this.write(`event: session\ndata: {"index":${index}}\n\n`);
        this.write(`event: ${event}\n${id ? `id: ${id}\n` : ''}data: ${JSON.stringify(data)}\n\n`);
      }
    });
  }

  /** Cuts the connection. */
  cut() {
    this.#response.destroy();
  }
}
