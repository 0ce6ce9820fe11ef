/**
 * A browser with several tabs, its locks and channels, and a server, all held by the test: nothing happens by itself.
 *
 * What reaches a tab (a lock, a post of another tab, bytes, a timer) lies in one of its queues until the test delivers it. A
 * queue keeps its order, as each sender's posts and each connection's bytes do; between queues there is none. A frozen tab
 * takes nothing.
 *
 * @import { Tabs } from "../../static/js/tabs.js"
 * @import { Connection, World } from "../../static/js/stream.js"
 * @import { FakeServer } from "./server.js"
 */

import { EventEmitter } from "node:events";

import { Store } from "../../static/js/store.js";
import { SharedStream } from "../../static/js/shared-stream.js";
import { StreamSlots } from "../../static/js/slots.js";
import { Exchange, settled } from "./world.js";

// Node takes many listeners for a leak; six locks asked for under one signal are none.
EventEmitter.defaultMaxListeners = 40;

/** @typedef {{ tab: FakeTab, grant: (lock: boolean) => void, stolen: () => void, signal: AbortSignal }} Claim */

export class FakeBrowser {
  /** @type {FakeTab[]} */
  tabs = [];
  /** Milliseconds. */
  now = 1000;
  random = () => 0;
  #ids = 0;
  /** @type {Map<string, Claim[]>} The first holds the lock, the rest wait. */
  locks = new Map();
  /** @type {{ name: string, tab: FakeTab, hear: (note: any) => void }[]} */
  channels = [];

  /** @param {FakeServer} server */
  constructor(server) {
    this.server = server;
  }

  /** A tab that shows `session`, loaded and started; `locks: false` for a browser without them. */
  async open({ session = "s", hidden = false, locks = true } = {}) {
    const tab = new FakeTab(this, session, hidden, locks);
    this.tabs.push(tab);
    tab.stream.start();
    await settled();
    return tab;
  }

  newId() {
    this.#ids += 1;
    return `id${this.#ids}`;
  }

  /** The tabs that have the lock of their session, by the browser's word. */
  get leaders() {
    return this.tabs.filter((tab) => this.locks.get(tab.session)?.[0]?.tab === tab);
  }

  /** Delivers one thing that may be any of those that wait. Answers whether there was one. */
  async deliver() {
    const ready = this.tabs.flatMap((tab) => (tab.frozen ? [] : [...tab.queues].map((queue) => ({ tab, queue }))));
    const one = ready[Math.floor(this.random() * ready.length)];
    if (!one) return false;
    const [name, tasks] = one.queue;
    const task = tasks.shift();
    if (tasks.length === 0) one.tab.queues.delete(name);
    await task?.();
    await settled();
    return true;
  }

  /** Delivers everything, and what comes of it, without any time passing. */
  async quiet() {
    for (let i = 0; i < 20_000; i++) {
      this.server.pump();
      if (!(await this.deliver())) return;
    }
    throw new Error("the tabs never come to rest");
  }

  /** Time passes, and everything that happens meanwhile is delivered. @param {number} ms */
  async pass(ms) {
    const until = this.now + ms;
    await this.quiet();
    while (true) {
      const due = this.tabs.filter((tab) => !tab.frozen).flatMap((tab) => tab.timers);
      const next = Math.min(...due.map(({ at }) => at));
      if (next > until) break;
      this.tick(Math.max(0, next - this.now));
      await this.quiet();
    }
    this.now = until;
  }

  /** Time passes, and timers that are due come into the queues. @param {number} ms */
  tick(ms) {
    this.now += ms;
    for (const tab of this.tabs) if (!tab.frozen) tab.ring();
  }

  /** The tab is gone without a word, as after a crash; the browser frees what it had. @param {FakeTab} tab */
  async kill(tab) {
    this.tabs = this.tabs.filter((each) => each !== tab);
    this.channels = this.channels.filter((each) => each.tab !== tab);
    tab.timers = [];
    tab.exchanges.forEach(({ exchange }) => this.server.drop(exchange));
    for (const [name, claims] of this.locks) this.#settle(name, claims.filter((claim) => claim.tab !== tab));
    await settled();
  }

  /** @param {string} name @param {LockOptions} options @param {Claim} claim */
  claim(name, options, claim) {
    const claims = this.locks.get(name) ?? [];
    const [holder] = claims;
    if (options.steal) {
      holder?.tab.queue("locks", holder.stolen);
      claim.tab.queue("locks", () => claim.grant(true));
      this.locks.set(name, [claim, ...claims.slice(1)]);
    } else if (options.ifAvailable && holder) claim.tab.queue("locks", () => claim.grant(false));
    else this.#settle(name, [...claims, claim]);
    claim.signal.addEventListener("abort", () =>
      this.#settle(name, (this.locks.get(name) ?? []).filter((each) => each !== claim)),
    );
  }

  /** @param {string} name @param {Claim[]} claims */
  #settle(name, claims) {
    const [before] = this.locks.get(name) ?? [];
    const [holder] = claims;
    this.locks.set(name, claims);
    if (holder && holder !== before) holder.tab.queue("locks", () => holder.grant(true));
  }
}

export class FakeTab {
  /** @type {Map<string, (() => unknown)[]>} */
  queues = new Map();
  /** @type {{ at: number, run: () => void }[]} */
  timers = [];
  /** @type {{ exchange: Exchange, session: string }[]} */
  exchanges = [];
  frozen = false;
  /** @type {Connection[]} */
  connections = [];

  /** @param {FakeBrowser} browser @param {string} session @param {boolean} hidden @param {boolean} locks */
  constructor(browser, session, hidden, locks) {
    this.browser = browser;
    this.session = session;
    this.hidden = hidden;
    const { world } = this;
    const tabs = locks ? this.#tabs() : null;
    const slots = tabs && new StreamSlots(tabs, "slots", () => (this.hidden ? 0 : 2));
    this.stream = new SharedStream(world, tabs, slots, {
      request: () => ({ url: `${session} ${this.log.cursor}`, headers: {} }),
      group: () => session,
      hidden: () => this.hidden,
      wallMs: () => browser.now,
      log: () => this.log,
      onEvents: (events) => this.store.take(events),
      onExcerpt: (told) => this.store.adopt(told),
      onChange: (connection) => void this.connections.push(connection),
    });
    this.store = new Store(this.stream.connection, (run) => run());
  }

  get log() {
    return this.store.snapshot.log;
  }

  get status() {
    return this.stream.connection.status;
  }

  get leads() {
    return this.browser.leaders.includes(this);
  }

  /** What the tab shows. */
  get screen() {
    return this.log.messages.map(({ content }) => content);
  }

  /** @param {boolean} hidden */
  async hide(hidden = true) {
    this.hidden = hidden;
    this.queue("page", () => this.stream.visibility());
    await settled();
  }

  /** @param {string} name @param {() => unknown} task */
  queue(name, task) {
    this.queues.set(name, [...(this.queues.get(name) ?? []), task]);
  }

  ring() {
    const { now } = this.browser;
    for (const timer of this.timers.filter(({ at }) => at <= now).sort((a, b) => a.at - b.at)) {
      this.queue("timers", () => {
        if (!this.timers.includes(timer)) return;
        this.timers = this.timers.filter((each) => each !== timer);
        timer.run();
      });
    }
  }

  /** @returns {World} */
  get world() {
    return {
      fetch: (url, init) => {
        const [session = "", cursor = ""] = url.split(" ");
        const exchange = new Exchange(url, init);
        this.exchanges.push({ exchange, session });
        const line = `net ${this.exchanges.length}`;
        this.browser.server.connect(exchange, session, cursor, (task) => this.queue(line, task));
        return exchange.response;
      },
      now: () => this.browser.now,
      setTimer: (run, ms) => {
        const timer = { at: this.browser.now + ms, run };
        this.timers.push(timer);
        return timer;
      },
      clearTimer: (timer) => {
        this.timers = this.timers.filter((each) => each !== timer);
      },
      random: () => this.browser.random(),
    };
  }

  /** @returns {Tabs} */
  #tabs() {
    const { browser, world } = this;
    return {
      setTimer: world.setTimer,
      clearTimer: world.clearTimer,
      newId: () => browser.newId(),
      open: (name, hear) => {
        const mine = { name, tab: this, hear };
        browser.channels.push(mine);
        return {
          post: (note) => {
            if (!browser.channels.includes(mine)) return;
            for (const each of browser.channels) {
              if (each === mine || each.name !== name) continue;
              const copy = structuredClone(note);
              each.tab.queue(`from ${browser.tabs.indexOf(this)}`, () => browser.channels.includes(each) && each.hear(copy));
            }
          },
          close: () => {
            browser.channels = browser.channels.filter((each) => each !== mine);
          },
        };
      },
      hold: (name, options, signal, onStolen) =>
        new Promise((resolve) => {
          if (signal.aborted) return resolve(false);
          signal.addEventListener("abort", () => resolve(false));
          const grant = (/** @type {boolean} */ lock) => resolve(lock && !signal.aborted);
          browser.claim(name, options, { tab: this, grant, stolen: () => signal.aborted || onStolen(), signal });
        }),
    };
  }
}
