import assert from 'node:assert/strict';
import { afterEach, beforeEach, test } from 'node:test';
import { Host } from '../../main/client/streams.js';
import { gateway, until } from './support/gateway.js';

let server;
let host;
let answers;

beforeEach(async () => {
  server = await gateway();
  host = new Host();
  answers = [];
});

afterEach(() => {
  ['tab1', 'tab2'].forEach((client) => host.receive({ type: 'bye', client }, () => {}));
  server.close();
});

function open(key, session, { cursor = null, user = 'u1', client = 'tab1' } = {}) {
  const lane = { base: server.url, user, session, cursor };
  host.receive({ type: 'open', client, key, lane }, (answer) => answers.push(answer));
}

function close(key, client = 'tab1') {
  host.receive({ type: 'close', client, key }, () => {});
}

const events = (key) => answers.filter((answer) => answer.type === 'event' && answer.key === key);
const states = (key) => answers.filter((answer) => answer.type === 'state' && answer.key === key);

test('sessionsOfAUserShareOneStreamAndEachGetsItsOwnEvents', async () => {
  open('a', 's1', { client: 'tab1' });
  open('b', 's2', { client: 'tab2', cursor: '7-0' });
  const stream = await until(() => server.streams[0]);
  assert.deepEqual(stream.cursors, { s1: null, s2: '7-0' });
  stream.event('s2', 'chunk', '7-1', { chunk: 'x' });
  stream.event('s1', 'chunk', '1-1', { chunk: 'y' });
  await until(() => events('a').length > 0);
  assert.deepEqual(events('a'), [{ type: 'event', event: 'chunk', id: '1-1', data: '{"chunk":"y"}', key: 'a' }]);
  assert.equal(events('b')[0].id, '7-1');
  assert.equal(server.streams.length, 1);
});

test('usersHaveStreamsOfTheirOwn', async () => {
  open('a', 's1');
  open('b', 's2', { user: 'u2' });
  await until(() => server.streams.length === 2);
  assert.deepEqual(server.streams.map(({ asked }) => asked.user_id).sort(), ['u1', 'u2']);
});

test('theThirtyThirdSessionHasAnotherStream', async () => {
  for (let i = 0; i < 33; i++) {
    open(`k${i}`, `s${i}`);
  }
  await until(() => server.streams.length === 2);
  assert.deepEqual(
    server.streams.map(({ asked }) => asked.sessions.length),
    [32, 1],
  );
});

test('aSessionThatNoGatewayCanTakeIsAskedForAlone', async () => {
  open('a', 's1');
  open('b', 'not an id');
  await until(() => server.streams.length === 2);
  assert.deepEqual(
    server.streams.map(({ asked }) => asked.sessions.length),
    [1, 1],
  );
});

test('aStreamThatIsCutIsOpenedAgainAtTheCursors', async () => {
  open('a', 's1');
  open('b', 's2');
  const first = await until(() => server.streams[0]);
  first.event('s1', 'chunk', '1-1', {});
  first.event('s1', 'chunk', '1-2', {});
  await until(() => events('a').length === 2);
  first.cut();
  const second = await until(() => server.streams[1]);
  assert.deepEqual(second.cursors, { s1: '1-2', s2: null });
  assert.deepEqual(states('a'), [{ type: 'state', state: 'reconnecting', key: 'a' }]);
});

test('aServerThatIsUnavailableIsRetried', async () => {
  server.refuse = (count) => (count < 2 ? 503 : null);
  open('a', 's1');
  await until(() => server.open().length === 1);
  assert.equal(server.streams.length, 3);
  assert.ok(states('a').every(({ state }) => state === 'reconnecting'));
});

test('aRefusalIsFinalAndSaysWhy', async () => {
  server.refuse = () => 403;
  open('a', 's1');
  await until(() => states('a').length > 0);
  assert.deepEqual(states('a'), [
    { type: 'state', state: 'refused', problem: { status: 403, code: 'made_up', message: 'No' }, key: 'a' },
  ]);
});

test('aRefusedSessionLeavesTheOthersTheirStream', async () => {
  open('a', 's1');
  open('b', 's2');
  const stream = await until(() => server.streams[0]);
  stream.event('s1', 'refused', null, { status: 403, code: 'forbidden', title: 'Not yours' });
  stream.event('s2', 'chunk', '2-1', {});
  await until(() => events('b').length === 1);
  assert.equal(states('a')[0].problem.code, 'forbidden');
  assert.equal(server.streams.length, 1);
});

test('aStreamEndsWithItsLastLane', async () => {
  open('a', 's1');
  open('b', 's2');
  await until(() => server.open().length === 1);
  close('a');
  const next = await until(() => server.streams[1]);
  assert.deepEqual(next.cursors, { s2: null });
  close('b');
  await until(() => server.open().length === 0);
});

test('aTabThatLeavesTakesItsLanesAlong', async () => {
  open('a', 's1', { client: 'tab1' });
  open('b', 's2', { client: 'tab2' });
  await until(() => server.open().length === 1);
  host.receive({ type: 'bye', client: 'tab1' }, () => {});
  const next = await until(() => server.streams[1]);
  assert.deepEqual(next.cursors, { s2: null });
});

test('theListIsALaneWithoutASession', async () => {
  open('a', 's1');
  open('list', null);
  const stream = await until(() => server.streams[0]);
  assert.equal(stream.asked.list, true);
  stream.write('event: list\ndata: {"whole":true,"sessions":[]}\n\n');
  await until(() => events('list').length === 1);
  assert.equal(events('a').length, 0);
});
