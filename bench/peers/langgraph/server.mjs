// LangGraph's own server with the graph next to this file, on 127.0.0.1.
//
//   node server.mjs PORT FOLDER     the folder for its data

import { startServer } from "@langchain/langgraph-api/server";
import process from "node:process";
import { fileURLToPath } from "node:url";

const [port, cwd] = process.argv.slice(2);
const graph = fileURLToPath(new URL("graph.mjs", import.meta.url));

await startServer({
  port: Number(port),
  host: "127.0.0.1",
  cwd,
  nWorkers: 10,
  graphs: { writer: `${graph}:writer` },
});
