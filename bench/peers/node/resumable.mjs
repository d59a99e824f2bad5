// Vercel's resumable-stream behind Node's HTTP server, as its README shows it: the answer is made in the process that
// got the message, and Redis is used only when a reader resumes.
//
//   PORT=… REDIS_PORT=… node resumable.mjs

import http from "node:http";
import process from "node:process";
import { createClient } from "redis";
import { createResumableStreamContext } from "resumable-stream";
import { body, chunks, event } from "./answer.mjs";

const { PORT, REDIS_PORT } = process.env;
const url = `redis://127.0.0.1:${REDIS_PORT}`;
const publisher = createClient({ url });
const subscriber = createClient({ url });
await Promise.all([publisher.connect(), subscriber.connect()]);
const context = createResumableStreamContext({
  waitUntil: (promise) => promise.catch(() => {}),
  publisher,
  subscriber,
});

async function* events(message) {
  for await (const chunk of chunks(message)) {
    yield event("chunk", JSON.stringify(chunk));
    if (chunk.is_final) {
      yield event("message_complete", JSON.stringify({ message_id: message.message_id }));
    }
  }
}

const answer = (message) => () => {
  const all = events(message);
  return new ReadableStream({
    async pull(controller) {
      const { done, value } = await all.next();
      if (done) controller.close();
      else controller.enqueue(value);
    },
  });
};

http
  .createServer(async (request, response) => {
    if (request.url !== "/api/chat") return response.writeHead(404).end();
    const message = await body(request);
    const stream = await context.createNewResumableStream(message.message_id, answer(message));
    response.writeHead(200, { "content-type": "text/event-stream", "cache-control": "no-cache" });
    for await (const text of stream) response.write(text);
    return response.end();
  })
  .listen(Number(PORT), "127.0.0.1", 4096);
