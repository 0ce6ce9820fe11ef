/**
 * Tabs that come, go, crash, freeze and change the lead at any instant, under a server that is cut, stopped and swapped: what
 * each tab shows is at every step the beginning of a log, and in the end the log. Everything is drawn from a seed.
 */

import assert from "node:assert/strict";
import { test } from "node:test";

import { KEPT_SLOTS } from "../../static/js/slots.js";
import { FakeBrowser, FakeTab } from "./browser.js";
import { FakeServer } from "./server.js";

const SCHEDULES = Number(process.env.SCHEDULES ?? 40);
const STEPS = 120;
/** Of one session. */
const MOST_TABS = 5;
/** Of all. */
const MOST_STREAMS = KEPT_SLOTS + 1;

/** Numbers in [0, 1), the same for the same seed (mulberry32). @param {number} seed */
function drawn(seed) {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}

class Schedule {
  /** @param {number} seed @param {number} sessions */
  constructor(seed, sessions) {
    this.random = drawn(seed);
    this.sessions = Array.from({ length: sessions }, (_, i) => `s${i}`);
    this.browser.random = this.random;
    for (const session of this.sessions) this.server.log(session);
  }

  server = new FakeServer();
  browser = new FakeBrowser(this.server);
  /** @type {Map<string, number>} What happened, how often. */
  met = new Map();
  /** @type {Set<FakeTab>} */
  away = new Set();

  /** @template T @param {readonly T[]} all */
  pick(all) {
    return all[Math.floor(this.random() * all.length)];
  }

  async run() {
    for (let i = 0; i < STEPS; i++) {
      await this.step();
      for (const tab of this.browser.tabs) this.judge(tab);
    }
    await this.heal();
    for (const tab of this.browser.tabs) this.judgeEnd(tab);
    assert.ok(this.server.streams.length <= MOST_STREAMS);
    const seen = new Set(this.browser.tabs.map(({ session }) => session));
    assert.equal(this.browser.leaders.length, seen.size);
    return this.met;
  }

  async step() {
    const { browser, server } = this;
    const session = this.pick(this.sessions) ?? "";
    const tab = this.pick(browser.tabs);
    const chance = this.random();
    const name = await this.happen(chance, session, tab);
    this.met.set(name, (this.met.get(name) ?? 0) + 1);
    for (let i = Math.floor(this.random() * 6); i > 0; i--) await browser.deliver();
    const stream = this.pick(server.streams);
    if (stream) server.push(stream, 1 + Math.floor(this.random() * 3));
  }

  /** @param {number} chance @param {string} session @param {FakeTab | undefined} tab */
  async happen(chance, session, tab) {
    const { browser, server } = this;
    if (!tab || chance < 0.1) {
      if (browser.tabs.length >= MOST_TABS + this.sessions.length) return "nothing";
      await browser.open({ session, hidden: this.random() < 0.3 });
      return "tab opened";
    }
    if (chance < 0.3) return server.append("", session), "message";
    if (chance < 0.45) return server.write(`w${Math.floor(this.random() * 100)} `, session), "text";
    if (chance < 0.5) return server.cut(), "cut";
    if (chance < 0.52) return (server.up = false), server.cut(), "server down";
    if (chance < 0.56) return (server.up = true), "server up";
    if (chance < 0.57) return server.swap(session), "log swapped";
    if (chance < 0.6) return server.beat(), "heartbeat";
    if (chance < 0.65) return await browser.kill(tab), "tab crashed";
    if (chance < 0.7) return await tab.hide(!tab.hidden), "tab hidden or shown";
    if (chance < 0.75) return (tab.frozen = true), "tab hangs";
    if (chance < 0.8) {
      if (!tab.frozen) return "nothing";
      tab.frozen = false;
      tab.ring();
      return "tab goes on";
    }
    if (chance < 0.85) {
      if (tab.frozen) return "nothing";
      if (this.away.delete(tab)) return tab.stream.back(), "page back";
      this.away.add(tab);
      return tab.stream.leave(), "page away";
    }
    if (chance < 0.86) return (server.refusal = this.pick([401, 404]) ?? 0), server.cut(), "server refuses";
    if (chance < 0.89) return (server.refusal = 0), "server lets in";
    if (chance < 0.9) return tab.frozen || this.away.has(tab) || tab.stream.start(), "token given again";
    if (chance < 0.91) return (browser.now += 60_000 * this.random()), "machine slept";
    return browser.tick(2000 * this.random()), "time";
  }

  async heal() {
    const { browser, server } = this;
    server.up = true;
    server.refusal = 0;
    for (const tab of browser.tabs) {
      tab.frozen = false;
      tab.ring();
    }
    for (const tab of this.away) if (browser.tabs.includes(tab)) tab.stream.back();
    for (let i = 0; i < 6; i++) {
      await browser.pass(10_000);
      server.beat();
    }
  }

  /** @param {FakeTab} tab */
  judge(tab) {
    const { log } = tab;
    if (log.log === "") return assert.equal(log.messages.length, 0);
    const whole = this.server.history.get(log.log);
    assert.deepEqual(tab.screen, whole?.messages.slice(0, log.messages.length), "the screen is no beginning of the log");
    assert.deepEqual(
      log.messages.map(({ idx }) => idx),
      [...log.messages.keys()],
    );
    const { idx, content } = log.draft ?? { idx: log.messages.length, content: { text: "" } };
    assert.equal(idx, log.messages.length);
    assert.ok((whole?.written[idx] ?? whole?.text ?? "").startsWith(content.text), "the text was never written");
    assert.equal(log.cursor, `${log.log}.${log.messages.length}.${whole?.tags[log.messages.length]}`);
  }

  /** @param {FakeTab} tab */
  judgeEnd(tab) {
    const log = this.server.log(tab.session);
    assert.equal(tab.status, "connected");
    assert.deepEqual([tab.log.log, tab.screen], [log.id, log.messages]);
    assert.equal(tab.log.draft?.content.text ?? "", log.text);
    assert.equal(tab.log.state?.message_count, log.messages.length);
  }
}

/** @param {number} sessions */
async function all(sessions) {
  /** @type {Map<string, number>} */
  const met = new Map();
  for (let seed = 0; seed < SCHEDULES; seed++) {
    try {
      for (const [name, count] of await new Schedule(seed, sessions).run()) met.set(name, (met.get(name) ?? 0) + count);
    } catch (error) {
      throw new Error(`seed ${seed}, ${sessions} sessions`, { cause: error });
    }
  }
  return met;
}

test("whatever tabs do, each shows the log, and one of them leads", async (t) => {
  const met = await all(1);
  t.diagnostic(JSON.stringify(Object.fromEntries([...met].sort())));
  assert.equal(met.size, 20, "not every kind of trouble was met");
});

test("whatever tabs of seven sessions do, who must take turns shows its log too", async () => {
  await all(7);
});
