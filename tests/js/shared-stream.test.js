import assert from "node:assert/strict";
import { test } from "node:test";

import { DOUBT_MS as REFUSED_MS } from "../../static/js/connection.js";
import { ASK_MS, DOUBT_MS, PATIENCE_MS } from "../../static/js/follower.js";
import { FakeBrowser, FakeTab } from "./browser.js";
import { FakeServer } from "./server.js";

/** A tab that was refused has asked again by then, whenever that was. */
const DOUBT_AGAIN_MS = REFUSED_MS + 1000;

/** @param {number} count */
async function tabs(count) {
  const server = new FakeServer();
  const browser = new FakeBrowser(server);
  for (let i = 0; i < 3; i++) server.append();
  for (let i = 0; i < count; i++) {
    await browser.open();
    await browser.quiet();
  }
  return { server, browser, all: browser.tabs };
}

/** @param {FakeBrowser} browser */
function leaderOf(browser) {
  const [leader, ...more] = browser.leaders;
  if (!leader || more.length > 0) throw new Error(`${browser.leaders.length} tabs lead`);
  return { leader, followers: browser.tabs.filter((tab) => tab !== leader) };
}

/** @param {FakeServer} server @param {FakeTab[]} all */
function sameAsLog(server, all) {
  for (const tab of all) assert.deepEqual(tab.screen, server.log("s").messages);
}

test("eight tabs have one stream, and all show the log", async () => {
  const { server, browser, all } = await tabs(8);
  assert.equal(server.streams.length, 1);
  assert.equal(server.requests, 1);
  sameAsLog(server, all);
  server.append();
  await browser.quiet();
  sameAsLog(server, all);
});

test("tabs that are opened all at once have one stream", async () => {
  const server = new FakeServer();
  const browser = new FakeBrowser(server);
  server.append();
  for (let i = 0; i < 8; i++) await browser.open();
  await browser.quiet();
  assert.equal(server.streams.length, 1);
  sameAsLog(server, browser.tabs);
});

test("a tab that joins is told the text being written, and goes on with it", async () => {
  const { server, browser } = await tabs(1);
  server.write("half a ");
  await browser.quiet();
  const late = await browser.open();
  await browser.quiet();
  server.write("word");
  await browser.quiet();
  assert.equal(late.log.draft?.content.text, "half a word");
});

test("when the leader is closed the next tab leads, by its cursor, and nothing is lost", async () => {
  const { server, browser } = await tabs(3);
  const { leader } = leaderOf(browser);
  leader.stream.leave();
  await browser.kill(leader);
  server.append();
  await browser.quiet();
  assert.equal(server.streams.length, 1);
  const { id, tags } = server.log("s");
  assert.equal(leaderOf(browser).leader.exchanges.at(-1)?.exchange.url, `s ${id}.3.${tags[3]}`);
  sameAsLog(server, browser.tabs);
});

test("a leader that crashes is followed by the next tab without a wait", async () => {
  const { server, browser } = await tabs(3);
  await browser.kill(leaderOf(browser).leader);
  await browser.quiet();
  assert.deepEqual(browser.tabs.map((tab) => tab.status), ["connected", "connected"]);
  assert.equal(server.streams.length, 1);
});

test("a leader that hangs is doubted within two seconds, and loses the lead", async () => {
  const { server, browser } = await tabs(2);
  const { leader, followers } = leaderOf(browser);
  leader.frozen = true;
  const [follower] = followers;
  await browser.pass(ASK_MS + DOUBT_MS);
  assert.equal(follower?.status, "reconnecting");
  assert.ok(ASK_MS + DOUBT_MS < 2000);
  await browser.pass(PATIENCE_MS);
  assert.equal(follower?.status, "connected");
  assert.ok(follower?.leads);
  server.append();
  await browser.quiet();
  assert.deepEqual(follower?.screen, server.log("s").messages);
});

test("a leader that was taken for dead follows when it wakes up, and what it still says is not heard", async () => {
  const { server, browser } = await tabs(3);
  const { leader } = leaderOf(browser);
  server.append();
  server.pump();
  leader.frozen = true;
  await browser.pass(6000);
  server.append();
  await browser.quiet();
  leader.frozen = false;
  leader.ring();
  await browser.quiet();
  assert.equal(server.streams.length, 1);
  assert.notEqual(leaderOf(browser).leader, leader);
  sameAsLog(server, browser.tabs);
  assert.deepEqual(new Set(browser.tabs.map((tab) => tab.log.generation)), new Set([0]));
});

test("a leader whose lock is taken lets go of its stream at once, whoever took it", async () => {
  const { server, browser } = await tabs(1);
  const { leader } = leaderOf(browser);
  const { signal } = new AbortController();
  const mute = { tab: new FakeTab(browser, "s", false, true), grant: () => undefined, stolen: () => undefined, signal };
  browser.claim("s", { steal: true }, mute);
  await browser.quiet();
  assert.equal(server.streams.length, 0);
  assert.equal(leader.stream.connection.state, "open", "doubt comes with time");
  await browser.pass(2000);
  assert.equal(leader.status, "reconnecting");
});

test("a leader that hears of its successor before the browser tells it that the lock is gone lets go at once", async () => {
  const { server, browser } = await tabs(2);
  const { leader, followers } = leaderOf(browser);
  leader.frozen = true;
  await browser.pass(6000);
  assert.equal(server.streams.length, 2);
  const [successor] = followers;
  for (const said of leader.queues.get(`from ${browser.tabs.indexOf(/** @type {FakeTab} */ (successor))}`) ?? []) said();
  assert.equal(server.streams.length, 1);
});

test("a leader that is asked looks at its connection, for its own timers may stand still", async () => {
  const { server, browser } = await tabs(2);
  const { followers } = leaderOf(browser);
  browser.now += 60_000;
  await followers[0]?.hide(false);
  await browser.quiet();
  assert.equal(server.requests, 2);
  assert.equal(followers[0]?.status, "connected");
});

test("a page that goes while it asks for the lock stays away", async () => {
  const { server, browser } = await tabs(1);
  const tab = await browser.open();
  tab.stream.leave();
  await browser.pass(10_000);
  assert.deepEqual([tab.timers.length, browser.channels.filter((each) => each.tab === tab).length], [0, 0]);
  assert.equal(server.streams.length, 1);
});

test("a tab that is seen takes the lead from one that is hidden, at once when it comes to the front", async () => {
  const { server, browser } = await tabs(2);
  const { leader, followers } = leaderOf(browser);
  const [other] = followers;
  await other?.hide();
  await leader.hide();
  await browser.quiet();
  assert.ok(leader.leads, "nobody sees any of them");
  await other?.hide(false);
  await browser.quiet();
  assert.ok(other?.leads);
  assert.equal(server.streams.length, 1);
});

test("of tabs in two windows the one that is still seen takes the lead from the one that is hidden", async () => {
  const { browser } = await tabs(2);
  const { leader, followers } = leaderOf(browser);
  await leader.hide();
  await browser.pass(200);
  assert.ok(followers[0]?.leads);
});

test("followers show the leader's connection, and the time to the next try by their own clock", async () => {
  const { server, browser } = await tabs(2);
  const { leader, followers } = leaderOf(browser);
  assert.deepEqual([leader.stream.connection.via, followers[0]?.stream.connection.via], ["", "tab"]);
  server.up = false;
  server.cut();
  await browser.quiet();
  assert.equal(followers[0]?.status, "reconnecting");
  assert.equal(followers[0]?.stream.connection.dueAt, leader.stream.connection.dueAt);
  leader.stream.offline();
  await browser.quiet();
  assert.equal(followers[0]?.status, "offline");
});

test("who does not want to wait need not, in a tab that follows", async () => {
  const { server, browser } = await tabs(2);
  server.up = false;
  server.cut();
  await browser.quiet();
  server.up = true;
  leaderOf(browser).followers[0]?.stream.retryNow();
  await browser.quiet();
  assert.deepEqual(browser.tabs.map((tab) => tab.status), ["connected", "connected"]);
});

test("a page that goes into the back/forward cache lets go of everything, and comes back by its cursor", async () => {
  const { server, browser } = await tabs(2);
  const { leader } = leaderOf(browser);
  leader.stream.leave();
  await browser.quiet();
  assert.equal(browser.channels.filter(({ tab }) => tab === leader).length, 0);
  assert.ok([...browser.locks.values()].every((claims) => claims.every(({ tab }) => tab !== leader)));
  assert.ok(leader.exchanges.every(({ exchange }) => exchange.aborted));
  assert.equal(leader.timers.length, 0);
  server.append();
  await browser.quiet();
  leader.stream.back();
  await browser.quiet();
  assert.equal(server.streams.length, 1);
  sameAsLog(server, browser.tabs);
  assert.equal(leader.log.generation, 0);
});

test("a log that another took the place of is dropped by all, also by a tab that was away", async () => {
  const { server, browser } = await tabs(3);
  const { followers } = leaderOf(browser);
  followers[0]?.stream.leave();
  server.swap("s");
  server.append("new");
  await browser.pass(1000);
  followers[0]?.stream.back();
  await browser.pass(1000);
  for (const tab of browser.tabs) assert.deepEqual(tab.screen, ["new"]);
});

test("a tab that has more than its leader keeps it, and is welcomed when the leader has caught up", async () => {
  const { server, browser } = await tabs(2);
  const { leader, followers } = leaderOf(browser);
  const [behind] = followers;
  if (!behind) throw new Error("no follower");
  behind.stream.leave();
  server.append();
  await browser.quiet();
  leader.stream.leave();
  server.up = false;
  behind.stream.back();
  await browser.quiet();
  leader.stream.back();
  await browser.pass(20_000);
  assert.ok(behind.leads);
  assert.equal(leader.screen.length, 4);
  server.up = true;
  await browser.pass(20_000);
  sameAsLog(server, browser.tabs);
  assert.equal(leader.log.generation, 0, "the screen was built anew");
});

test("a browser without locks gives each tab a stream of its own", async () => {
  const server = new FakeServer();
  const browser = new FakeBrowser(server);
  for (let i = 0; i < 3; i++) await browser.open({ locks: false });
  await browser.quiet();
  assert.equal(server.streams.length, 3);
  assert.deepEqual(browser.tabs.map((tab) => tab.status), ["connected", "connected", "connected"]);
});

/** @type {readonly [number, string][]} */
const REFUSALS = [[401, "unauthorized"], [404, "ended"]];

test("a tab that was refused once does not bar those that are opened later", async () => {
  for (const [status] of REFUSALS) {
    const { server, browser, all } = await tabs(1);
    server.refusal = status;
    server.cut();
    await browser.pass(20_000);
    server.refusal = 0;
    const late = await browser.open();
    await browser.quiet();
    assert.equal(late.status, "connected");
    assert.ok(late.leads);
    assert.notEqual(all[0]?.status, "connected", "the test wants one that has not asked again yet");
    await all[0]?.hide(false);
    await browser.quiet();
    assert.equal(all[0]?.status, "connected");
    assert.equal(server.streams.length, 1);
    assert.equal(leaderOf(browser).leader, late);
  }
});

test("tabs that are refused each say so by the server's own word, ask seldom, and come back by themselves", async () => {
  for (const [status, shown] of REFUSALS) {
    const { server, browser } = await tabs(3);
    server.refusal = status;
    server.cut();
    await browser.pass(10_000);
    assert.deepEqual(browser.tabs.map((tab) => tab.status), [shown, shown, shown]);
    assert.deepEqual(browser.tabs.map((tab) => tab.stream.connection.via), ["", "", ""]);
    assert.equal(browser.leaders.length, 0);
    const before = server.requests;
    await browser.pass(300_000);
    assert.ok(server.requests - before <= 30, `asked ${server.requests - before} times`);
    server.refusal = 0;
    await browser.pass(DOUBT_AGAIN_MS);
    assert.deepEqual(new Set(browser.tabs.map((tab) => tab.status)), new Set(["connected"]));
    assert.equal(server.streams.length, 1);
    sameAsLog(server, browser.tabs);
  }
});

test("the right token typed into one tab lets it in, though all were refused by another server", async () => {
  const { server, browser } = await tabs(2);
  server.refusal = 401;
  server.cut();
  await browser.pass(10_000);
  server.refusal = 0;
  for (const tab of browser.tabs) {
    tab.stream.start();
    await browser.quiet();
    assert.equal(tab.status, "connected");
  }
  assert.equal(server.streams.length, 1);
});

test("tabs that follow do not make their leader ask a server that is away more often", async () => {
  const { server, browser } = await tabs(3);
  browser.random = () => 0.5;
  server.up = false;
  server.cut();
  const before = server.requests;
  await browser.pass(60_000);
  assert.ok(server.requests - before < 12, `asked ${server.requests - before} times`);
});
