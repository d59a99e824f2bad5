// The demo's answer (PROTOCOL.md §6), or that of a model server: what every peer streams.
//
// PACE: milliseconds between two chunks. MODEL_URL: the base URL of an OpenAI-compatible server; unset: the demo.

import process from "node:process";

const pace = Number(process.env.PACE ?? 0);
const modelUrl = process.env.MODEL_URL;
const WORDS_PER_CHUNK = 3;

const demoText = (message) =>
  `I received your message: '${message}' ` +
  "This is a demo response from the LangGraph workflow service. " +
  "In a real implementation, this would integrate with AI models like GPT-4, Claude, etc. " +
  "The response is being streamed token by token to demonstrate the chunk buffering system.";

const dueAt = (time) => {
  const wait = time - performance.now();
  return wait > 0.5
    ? new Promise((resolve) => setTimeout(resolve, wait))
    : new Promise((resolve) => setImmediate(resolve));
};

async function* demo(message) {
  const words = demoText(message).split(" ");
  const start = performance.now();
  for (let at = 0, n = 0; at < words.length; at += WORDS_PER_CHUNK, n++) {
    await dueAt(start + n * pace);
    const end = at + WORDS_PER_CHUNK;
    const last = end >= words.length;
    yield { text: words.slice(at, end).join(" ") + (last ? "" : " "), last };
  }
}

async function* model(message) {
  const response = await fetch(`${modelUrl}/chat/completions`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({
      model: "bench",
      stream: true,
      messages: [{ role: "user", content: message }],
    }),
  });
  const decoder = new TextDecoder();
  let rest = "";
  for await (const bytes of response.body) {
    const events = (rest + decoder.decode(bytes, { stream: true })).split("\n\n");
    rest = events.pop();
    for (const event of events) {
      const data = event.slice("data: ".length);
      const text = data === "[DONE]" ? undefined : JSON.parse(data).choices[0]?.delta?.content;
      if (text) yield { text, last: false };
    }
  }
  yield { text: "", last: true };
}

/** The pieces of an answer, as the chunks of PROTOCOL.md §3. */
export async function* chunks({ session_id, message_id, message }) {
  let chunk_id = 0;
  for await (const { text, last } of modelUrl ? model(message) : demo(message)) {
    yield {
      session_id,
      message_id,
      chunk_id: chunk_id++,
      chunk: text,
      is_final: last,
      chunk_type: "content",
      timestamp: new Date().toISOString(),
      correlation_id: message_id,
    };
  }
}

/** The whole body of a request. */
export const body = async (request) => {
  let text = "";
  for await (const piece of request) text += piece;
  return JSON.parse(text);
};

/** One server-sent event. */
export const event = (name, data) => `event: ${name}\ndata: ${data}\n\n`;
