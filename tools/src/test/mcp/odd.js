// An MCP server with legal or almost legal behaviour that clients do not expect. `node odd.js FILE` uses standard input and
// output, `node odd.js FILE PORT` uses HTTP. It writes the methods that it receives to the file.
const fs = require('fs');
const [heard, port] = process.argv.slice(2);

const tool = (name, properties = {}) => ({ name, inputSchema: { type: 'object', properties } });

// Three pages by their cursors. The second cursor is empty; the third one never advances.
const pages = {
  first: {
    tools: [
      { ...tool('plain'), description: 'half \ud83d' },
      { inputSchema: { type: 'object' } },
      { name: 'no schema at all', inputSchema: 'none' },
      { name: 'broken', inputSchema: { $ref: '#/none' } },
      'not a tool',
      tool('anything', { x: true, y: { type: 'array', items: [{ type: 'string' }] } }),
    ],
    nextCursor: '',
  },
  '': {
    tools: [
      tool('files.read'),
      tool('files/read'),
      tool('files_read'),
      { ...tool('wordy'), description: '\u{1F600}'.repeat(10000) },
      tool('vast', Object.fromEntries([...Array(2000).keys()].map((i) => ['property_' + i, {}]))),
    ],
    nextCursor: 'again',
  },
  again: { tools: [tool('mixed'), tool('change'), tool('forget')], nextCursor: 'again' },
};

const text = (text) => ({ type: 'text', text });
let changed = () => {};
let sessions = new Set();
const calls = {
  mixed: () => ({ content: [text('known'), { type: 'hologram', x: 1 }, 7] }),
  change: () => {
    if (!pages.again.tools.some((each) => each.name === 'late')) pages.again.tools.push(tool('late'));
    changed();
    return { content: [text('changed')] };
  },
  forget: () => {
    sessions = new Set();
    return { content: [text('forgotten')] };
  },
};
const results = {
  initialize: (params) => ({
    protocolVersion: params.protocolVersion,
    capabilities: { tools: { listChanged: true } },
    serverInfo: { name: 'odd', version: '1' },
  }),
  'tools/list': (params) => pages[params?.cursor ?? 'first'],
  'tools/call': (params) => calls[params.name]?.() ?? { content: [text('called ' + params.name)] },
};

// The answer to a message; none to a notification. There is no ping.
const answer = ({ id, method, params }) => {
  fs.appendFileSync(heard, method + '\n');
  if (id === undefined) return undefined;
  const result = results[method]?.(params);
  const error = { code: -32601, message: 'no such method' };
  return { jsonrpc: '2.0', id, ...(result ? { result } : { error }) };
};

if (port) {
  const http = require('http');
  http
    .createServer(async (request, response) => {
      if (request.method !== 'POST') return response.writeHead(405).end();
      let body = '';
      for await (const part of request) body += part;
      const message = JSON.parse(body);
      const isFirst = message.method === 'initialize';
      if (!isFirst && !sessions.has(request.headers['mcp-session-id'])) {
        fs.appendFileSync(heard, 'refused ' + message.method + '\n');
        return response.writeHead(404).end();
      }
      const said = answer(message);
      if (!said) return response.writeHead(202).end();
      const headers = { 'content-type': 'application/json' };
      if (isFirst) sessions.add((headers['mcp-session-id'] = require('crypto').randomUUID()));
      response.writeHead(200, headers).end(JSON.stringify(said));
    })
    .listen(Number(port), '127.0.0.1');
} else {
  const say = (message) => process.stdout.write(JSON.stringify(message) + '\n');
  changed = () => say({ jsonrpc: '2.0', method: 'notifications/tools/list_changed' });
  require('readline')
    .createInterface({ input: process.stdin })
    .on('line', (line) => {
      const said = answer(JSON.parse(line));
      if (said) say(said);
    });
}
