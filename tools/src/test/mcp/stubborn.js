// An MCP server that answers no call and does not want to leave: it hears neither the end of its input nor SIGTERM.
// It writes what it hears of into the file that its first argument names.
const fs = require('fs');
const heard = process.argv[2];

process.on('SIGTERM', () => {});
setInterval(() => {}, 1000);

const say = (message) => process.stdout.write(JSON.stringify({ jsonrpc: '2.0', ...message }) + '\n');
const results = {
  initialize: (params) => ({
    protocolVersion: params.protocolVersion,
    capabilities: { tools: {} },
    serverInfo: { name: 'stubborn', version: '1' },
  }),
  'tools/list': () => ({ tools: [{ name: 'wait', inputSchema: { type: 'object' } }] }),
};

process.stdout.write('good morning\n');
require('readline')
  .createInterface({ input: process.stdin })
  .on('line', (line) => {
    const { id, method, params } = JSON.parse(line);
    fs.appendFileSync(heard, method + '\n');
    if (results[method]) say({ id, result: results[method](params) });
  });
