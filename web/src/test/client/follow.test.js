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

/** Waits until one stream, opened after the first `ended` ones, carries all these sessions and no other is open. */
function shared(sessions, ended = 0) {
  return until(() => {
    const open = server.open();
    const carries = open.length === 1 && sessions.every((session) => session in open[0].cursors);
    return carries && server.streams.indexOf(open[0]) >= ended && open[0];
  }, `one stream for ${sessions}`);
}

/** Appends an entry to each tab's session and waits until each tab has exactly these. */
async function tell(tabs, ...numbers) {
  tabs.forEach(({ session }) => server.append(session, `${session}-${numbers.at(-1)}`));
  await until(() => tabs.every(({ events }) => events.length >= numbers.length), 'each tab to get its entry');
  tabs.forEach(({ session, events }) =>
    assert.deepEqual(
      events,
      numbers.map((number) => `${session}-${number}`),
    ),
  );
}

test('oneTabIsElectedAndHoldsTheStreamOfAll', async () => {
  const tabs = ['s1', 's2', 's3'].map((session) => browser.tab(session));
  await shared(['s1', 's2', 's3']);
  await tell(tabs, 1);
  assert.equal(tabs.filter((tab) => tab.isLeader()).length, 1);
});

test('anotherTabContinuesAtEveryCursorWhenTheLeaderCrashes', async () => {
  const tabs = ['s1', 's2', 's3'].map((session) => browser.tab(session));
  await shared(['s1', 's2', 's3']);
  await tell(tabs, 1);

  const ended = server.streams.length;
  const leader = tabs.find((tab) => tab.isLeader());
  await leader.crash();
  const others = tabs.filter((tab) => tab !== leader);
  const after = await shared(
    others.map(({ session }) => session),
    ended,
  );
  assert.deepEqual(after.cursors, Object.fromEntries(others.map(({ session }) => [session, `${session}-1`])));
  await tell(others, 1, 2);
});

test('aTabThatComesLaterJoinsTheStream', async () => {
  const first = browser.tab('s1');
  await shared(['s1']);
  await tell([first], 1);
  const second = browser.tab('s2');
  await shared(['s1', 's2']);
  await tell([second], 1);
  await tell([first], 1, 2);
});
