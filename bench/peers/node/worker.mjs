// The worker of the obvious implementation: asks Redis for the session's pods at every chunk, and publishes to each.
//
//   REDIS_PORT=… NATS_URL=… node worker.mjs

import Redis from "ioredis";
import { connect, StringCodec } from "nats";
import process from "node:process";
import { chunks } from "./answer.mjs";

const { REDIS_PORT, NATS_URL } = process.env;
const codec = StringCodec();
const nats = await connect({ servers: NATS_URL });
const redis = new Redis(Number(REDIS_PORT), "127.0.0.1");

const answer = async (message) => {
  for await (const chunk of chunks(message)) {
    const pods = await redis.smembers(`session:connections:${message.session_id}`);
    const data = codec.encode(JSON.stringify(chunk));
    for (const pod of pods) nats.publish(`chat.pod.${pod}.response`, data);
  }
};

for await (const request of nats.subscribe("chat.workflow.execute.*", { queue: "workers" })) {
  answer(JSON.parse(codec.decode(request.data))).catch(console.error);
}
