// An MCP server that answers no call and does not stop: it ignores the end of its input and SIGTERM.
// It writes what it receives to the file that its first argument names.
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
