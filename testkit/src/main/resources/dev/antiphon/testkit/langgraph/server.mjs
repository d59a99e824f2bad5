// LangGraph's own development server with the graphs next to this file, on 127.0.0.1.
//
//   node server.mjs PORT FOLDER     the folder for its data

import { startServer } from "@langchain/langgraph-api/server";
import process from "node:process";
import { fileURLToPath } from "node:url";

const [port, cwd] = process.argv.slice(2);
const graphs = fileURLToPath(new URL("graphs.mjs", import.meta.url));
const named = (name) => [name, `${graphs}:${name}`];

// Twenty queues: each checks for work from time to time, and the first that checks takes it.
await startServer({
  port: Number(port),
  host: "127.0.0.1",
  cwd,
  nWorkers: 20,
  graphs: Object.fromEntries(
    ["agent", "weather", "asking", "twice", "beside", "paused", "nested", "broken"].map(named),
  ),
});
