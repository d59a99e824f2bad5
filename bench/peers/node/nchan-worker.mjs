// The worker for nginx with nchan: takes a message, and posts each chunk to the session's channel, one after the other.
//
//   PORT=… NGINX_PORT=… node nchan-worker.mjs

import http from "node:http";
import process from "node:process";
import { body, chunks } from "./answer.mjs";

const { PORT, NGINX_PORT } = process.env;
const agent = new http.Agent({ keepAlive: true, maxSockets: 256 });

const publish = (session, name, data) =>
  new Promise((resolve, reject) => {
    const bytes = Buffer.from(data);
    const request = http.request(
      {
        agent,
        host: "127.0.0.1",
        port: Number(NGINX_PORT),
        method: "POST",
        path: `/publish?session_id=${session}`,
        headers: {
          "content-type": "application/json",
          "content-length": bytes.length,
          "x-eventsource-event": name,
        },
      },
      (response) => {
        response.resume();
        response.on("end", () =>
          response.statusCode <= 202 ? resolve() : reject(new Error(`${response.statusCode}`)),
        );
      },
    );
    request.on("error", reject);
    request.end(bytes);
  });

const answer = async (message) => {
  for await (const chunk of chunks(message)) {
    await publish(message.session_id, "chunk", JSON.stringify(chunk));
  }
  const end = JSON.stringify({ message_id: message.message_id });
  await publish(message.session_id, "message_complete", end);
};

http
  .createServer(async (request, response) => {
    const message = await body(request);
    answer(message).catch(console.error);
    response.writeHead(202, { "content-type": "application/json", "content-length": 2 }).end("{}");
  })
  .listen(Number(PORT), "127.0.0.1", 4096);
