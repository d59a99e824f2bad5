import assert from 'node:assert/strict';
import { afterEach, beforeEach, test } from 'node:test';
import { Browser } from './support/browser.js';
import { gateway, until } from './support/gateway.js';

let server;
let browser;

beforeEach(async () => {
  server = await gateway();
  browser = new Browser(server.url);
});

afterEach(async () => {
  await browser.close();
  server.close();
});

/** The one stream that is open, once it carries all these sessions. */
function shared(...sessions) {
  return until(() => {
    const open = server.open();
    return open.length === 1 && sessions.every((session) => session in open[0].cursors) && open[0];
  }, `one stream for ${sessions}`);
}

test('oneTabIsElectedAndHoldsTheStreamOfAll', async () => {
  const tabs = ['s1', 's2', 's3'].map((session) => browser.tab(session));
  const stream = await shared('s1', 's2', 's3');
  tabs.forEach(({ session }) => stream.event(session, 'chunk', `${session}-1`, {}));
  await until(() => tabs.every(({ events }) => events.length === 1));
  assert.deepEqual(
    tabs.map(({ events }) => events),
    [['s1-1'], ['s2-1'], ['s3-1']],
  );
  assert.equal(tabs.filter((tab) => tab.isLeader()).length, 1);
});

test('anotherTabContinuesAtEveryCursorWhenTheLeaderCrashes', async () => {
  const tabs = ['s1', 's2', 's3'].map((session) => browser.tab(session));
  const before = await shared('s1', 's2', 's3');
  tabs.forEach(({ session }) => before.event(session, 'chunk', `${session}-1`, {}));
  await until(() => tabs.every(({ events }) => events.length === 1));

  const leader = tabs.find((tab) => tab.isLeader());
  await leader.crash();
  const others = tabs.filter((tab) => tab !== leader);
  const after = await shared(...others.map(({ session }) => session));
  assert.deepEqual(after.cursors, Object.fromEntries(others.map(({ session }) => [session, `${session}-1`])));
  others.forEach(({ session }) => after.event(session, 'chunk', `${session}-2`, {}));
  await until(() => others.every(({ events }) => events.length === 2));
  others.forEach(({ session, events }) => assert.deepEqual(events, [`${session}-1`, `${session}-2`]));
});

test('aTabThatComesLaterJoinsTheStream', async () => {
  const first = browser.tab('s1');
  const alone = await shared('s1');
  alone.event('s1', 'chunk', '1-1', {});
  await until(() => first.events.length === 1);
  browser.tab('s2');
  const both = await shared('s1', 's2');
  assert.deepEqual(both.cursors, { s1: '1-1', s2: null });
});
