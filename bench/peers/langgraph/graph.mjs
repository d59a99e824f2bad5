// A graph that streams the demo's answer (PROTOCOL.md §6). The user's message begins with the id of the message.

import { AIMessage } from "@langchain/core/messages";
import { MessagesAnnotation, StateGraph } from "@langchain/langgraph";
import { chunks } from "../node/answer.mjs";

const answer = async (state, config) => {
  const [, message_id, message] = /^(\S+) (.*)$/s.exec(state.messages.at(-1).content);
  let text = "";
  for await (const chunk of chunks({ session_id: "", message_id, message })) {
    config.writer(chunk);
    text += chunk.chunk;
  }
  return { messages: [new AIMessage(text)] };
};

export const writer = new StateGraph(MessagesAnnotation)
  .addNode("answer", answer)
  .addEdge("__start__", "answer")
  .addEdge("answer", "__end__")
  .compile();
