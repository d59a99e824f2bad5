// A pod of the obvious implementation: server-sent events out, core NATS in. It keeps nothing: no log, no ids, no
// history. A reader that was away has lost what was sent.
//
//   POD=p1 PORT=… REDIS_PORT=… NATS_URL=… node pod.mjs

import Redis from "ioredis";
import { connect, StringCodec } from "nats";
import http from "node:http";
import process from "node:process";
import { body, event } from "./answer.mjs";

const { POD, PORT, REDIS_PORT, NATS_URL } = process.env;
const codec = StringCodec();
const nats = await connect({ servers: NATS_URL });
const redis = new Redis(Number(REDIS_PORT), "127.0.0.1");
const readers = new Map();

const deliver = async () => {
  for await (const message of nats.subscribe(`chat.pod.${POD}.response`)) {
    const data = codec.decode(message.data);
    const chunk = JSON.parse(data);
    let text = event("chunk", data);
    if (chunk.is_final) {
      text += event("message_complete", JSON.stringify({ message_id: chunk.message_id }));
    }
    for (const reader of readers.get(chunk.session_id) ?? []) reader.write(text);
  }
};

const open = async (session, response) => {
  response.writeHead(200, { "content-type": "text/event-stream", "cache-control": "no-cache" });
  const own = readers.get(session) ?? new Set();
  readers.set(session, own.add(response));
  response.on("close", () => {
    own.delete(response);
    if (own.size === 0 && readers.get(session) === own) {
      readers.delete(session);
      redis.srem(`session:connections:${session}`, POD);
    }
  });
  await redis.sadd(`session:connections:${session}`, POD);
  response.write(event("connected", JSON.stringify({ session_id: session })));
};

const accept = async (request, response) => {
  const message = await body(request);
  nats.publish(`chat.workflow.execute.${message.session_id}`, codec.encode(JSON.stringify(message)));
  response.writeHead(202, { "content-type": "application/json" });
  response.end(JSON.stringify({ message_id: message.message_id, status: "accepted" }));
};

deliver();
http
  .createServer((request, response) => {
    const url = new URL(request.url, "http://pod");
    if (url.pathname === "/api/sse") return open(url.searchParams.get("session_id"), response);
    if (url.pathname === "/api/chat") return accept(request, response);
    return response.writeHead(404).end();
  })
  .listen(Number(PORT), "127.0.0.1", 4096);
