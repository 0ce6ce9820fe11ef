import assert from "node:assert/strict";
import { test } from "node:test";

import { LATE_MS, REST_MS } from "../../static/js/connection.js";
import { KEPT_SLOTS, TURN_MS } from "../../static/js/slots.js";
import { FakeBrowser } from "./browser.js";
import { FakeServer } from "./server.js";

/** @param {number} count tabs, each of a session of its own @param {boolean} hidden */
async function sessions(count, hidden = false) {
  const server = new FakeServer();
  const browser = new FakeBrowser(server);
  for (let i = 0; i < count; i++) {
    server.append("", `s${i}`);
    await browser.open({ session: `s${i}`, hidden });
    await browser.pass(100);
  }
  return { server, browser, all: browser.tabs };
}

test("eight sessions have five streams at most, and all of them are shown", async () => {
  const { server, browser, all } = await sessions(8);
  await browser.pass(3000);
  assert.equal(server.streams.length, KEPT_SLOTS + 1);
  for (const tab of all) assert.deepEqual([tab.status, tab.screen], ["connected", server.log(tab.session).messages]);
});

test("who takes turns sees a message within two seconds", async () => {
  const { server, browser, all } = await sessions(8);
  await browser.pass(3000);
  for (const tab of all) server.append("", tab.session);
  await browser.pass(2000);
  for (const tab of all) assert.deepEqual(tab.screen, server.log(tab.session).messages);
});

test("turns go round without a moment of being called unconnected, and no failure is counted", async () => {
  const { server, browser, all } = await sessions(8);
  await browser.pass(3000);
  for (const tab of all) tab.connections = [];
  for (let i = 0; i < 6; i++) {
    server.beat();
    await browser.pass(10_000);
  }
  for (const tab of all) {
    assert.ok(tab.connections.every(({ status, attempt }) => status === "connected" && attempt === 0));
  }
});

test("the fifth session keeps the last slot while nobody else wants it", async () => {
  const { server, browser } = await sessions(KEPT_SLOTS + 1);
  const { requests } = server;
  await browser.pass(10_000);
  assert.equal(server.requests, requests);
  assert.equal(server.streams.length, KEPT_SLOTS + 1);
});

test("a tab that is looked at takes a slot to keep from one that is not", async () => {
  const { server, browser, all } = await sessions(6, true);
  const last = all.at(-1);
  await last?.hide(false);
  await browser.pass(3000);
  const { requests } = server;
  const before = last?.exchanges.length;
  await browser.pass(20_000);
  assert.equal(last?.exchanges.length, before, "it still takes turns");
  assert.ok(server.requests > requests, "and another does");
  for (const tab of all) assert.equal(tab.status, "connected");
});

test("a server that is down gives its slots to nobody for longer than a try takes", async () => {
  const { server, browser, all } = await sessions(8);
  server.up = false;
  server.cut();
  await browser.pass(60_000);
  for (const tab of all) assert.equal(tab.status, "reconnecting");
  server.up = true;
  await browser.pass(20_000);
  for (const tab of all) assert.equal(tab.status, "connected");
});

test("when the tab that has the turn is closed, those who wait for it take turns", async () => {
  const { server, browser, all } = await sessions(7);
  await browser.pass(3000);
  const turns = () => browser.locks.get("slots turn") ?? [];
  const [holder] = turns();
  assert.ok(holder);
  // The other two wait: the one that rests comes back, and neither gives way to the other yet.
  holder.tab.frozen = true;
  await browser.pass(REST_MS);
  assert.equal(turns().length, 3);
  await browser.kill(holder.tab);
  await browser.pass(2000);
  for (const tab of browser.tabs) server.append("", tab.session);
  await browser.pass(2000);
  for (const tab of all) {
    if (tab !== holder.tab) assert.deepEqual([tab.status, tab.screen], ["connected", server.log(tab.session).messages]);
  }
});

test("a turn that does not come is no connection", async () => {
  const { browser, all } = await sessions(7);
  await browser.pass(3000);
  // Who has the turn hangs, and the others wait for it.
  const holder = browser.locks.get("slots turn")?.[0]?.tab;
  assert.ok(holder);
  holder.frozen = true;
  await browser.pass(REST_MS + LATE_MS);
  const waiting = all.filter((tab) => tab.status !== "connected");
  assert.equal(waiting.length, 2);
  await browser.pass(TURN_MS + REST_MS);
  for (const tab of waiting) assert.equal(tab.status, "connected", "a tab that hangs keeps the turn for ever");
});
