// Small graphs around a model that needs no key: its answer follows from the question.

import { BaseChatModel } from "@langchain/core/language_models/chat_models";
import { AIMessage, AIMessageChunk } from "@langchain/core/messages";
import { ChatGenerationChunk } from "@langchain/core/outputs";
import { tool } from "@langchain/core/tools";
import { interrupt, MessagesAnnotation, StateGraph } from "@langchain/langgraph";
import { ToolNode } from "@langchain/langgraph/prebuilt";
import { setTimeout as pause } from "node:timers/promises";

class FakeModel extends BaseChatModel {
  constructor(pieces) {
    super({});
    this.pieces = pieces;
  }

  _llmType() {
    return "fake";
  }

  async _generate() {
    throw new Error("this model only streams");
  }

  async *_streamResponseChunks(messages, options, manager) {
    for (const { delay = 0, ...piece } of this.pieces(messages)) {
      if (delay > 0) await pause(delay, undefined, { signal: options.signal });
      const message = new AIMessageChunk({ content: "", ...piece });
      const chunk = new ChatGenerationChunk({ message, text: message.content });
      yield chunk;
      await manager?.handleLLMNewToken(chunk.text, undefined, undefined, undefined, undefined, {
        chunk,
      });
    }
  }
}

const lastText = (messages) => messages.at(-1).content;

const askedIn = (messages) =>
  messages.findLast((message) => message.getType() === "human").content;

// "7 words, 20 ms" is answered with "w1 w2 … w7 ", any other message with itself.
function* words(messages) {
  const asked = askedIn(messages);
  const [, count, delay] = /(\d+) words, (\d+) ms/.exec(asked) ?? [];
  yield { additional_kwargs: { reasoning_content: "Let me " } };
  yield { additional_kwargs: { reasoning_content: "count." } };
  if (count === undefined) {
    yield { content: `You said: ${asked}` };
  }
  for (let word = 1; word <= Number(count ?? 0); word++) {
    yield { content: `w${word} `, delay: Number(delay) };
  }
  yield {
    usage_metadata: { input_tokens: 3, output_tokens: 7, total_tokens: 10 },
    response_metadata: { finish_reason: "stop" },
  };
}

// "200 ms" counts at that pace, any other message at 50 ms.
function* forecast(messages) {
  if (messages.at(-1).getType() === "tool") {
    const [, delay] = /(\d+) ms/.exec(askedIn(messages)) ?? [];
    yield { content: "It is " };
    yield { content: lastText(messages) };
    for (let word = 1; word <= 20; word++) yield { content: ` ${word}`, delay: Number(delay ?? 50) };
    return;
  }
  const call = (piece) => ({ tool_call_chunks: [{ index: 0, type: "tool_call_chunk", ...piece }] });
  yield { content: "Let me look. " };
  yield call({ id: "call_1", name: "weather", args: "" });
  yield call({ args: '{"city":' });
  yield call({ args: '"Rome"}' });
}

const weatherTool = tool(({ city }) => `sunny in ${city}.`, {
  name: "weather",
  description: "Tells the weather.",
  schema: { type: "object", properties: { city: { type: "string" } }, required: ["city"] },
});

const answers = (pieces) => {
  const model = new FakeModel(pieces);
  return async (state, config) => ({ messages: [await model.invoke(state.messages, config)] });
};

const graph = () => new StateGraph(MessagesAnnotation);

export const agent = graph()
  .addNode("model", answers(words))
  .addEdge("__start__", "model")
  .compile();

export const weather = graph()
  .addNode("model", answers(forecast))
  .addNode("tools", new ToolNode([weatherTool]))
  .addEdge("__start__", "model")
  .addConditionalEdges("model", (state) =>
    state.messages.at(-1).tool_calls?.length ? "tools" : "__end__",
  )
  .addEdge("tools", "model")
  .compile();

export const asking = graph()
  .addNode("greet", () => ({ messages: [new AIMessage("One moment. ")] }))
  .addNode("ask", () => {
    const answer = interrupt({ question: "Really?" });
    return { messages: [new AIMessage(`Answered ${JSON.stringify(answer)}. `)] };
  })
  .addNode("model", answers(words))
  .addEdge("__start__", "greet")
  .addEdge("greet", "ask")
  .addEdge("ask", "model")
  .compile();

const asks = (question) => () => {
  const answer = interrupt({ question });
  return { messages: [new AIMessage(`${question} ${JSON.stringify(answer)}. `)] };
};

const asksTwice = () =>
  graph().addNode("first", asks("First?")).addNode("second", asks("Second?"));

export const twice = asksTwice().addEdge("__start__", "first").addEdge("first", "second").compile();

export const beside = asksTwice()
  .addEdge("__start__", "first")
  .addEdge("__start__", "second")
  .compile();

export const paused = graph()
  .addNode("model", answers(words))
  .addEdge("__start__", "model")
  .compile({ interruptBefore: ["model"] });

export const nested = graph().addNode("inner", agent).addEdge("__start__", "inner").compile();

export const broken = graph()
  .addNode("fail", () => {
    throw new Error("the key sk-secret-1 leaks");
  })
  .addEdge("__start__", "fail")
  .compile();
