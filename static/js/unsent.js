/**
 * What the outbox has not got rid of, kept for the next visit: one entry in localStorage for each message, so that tabs of one
 * session never write over each other. An entry belongs to the tab that holds its lock, which alone shows and posts it; the
 * browser frees the lock of a tab that is gone, and a page that begins or is looked at takes up what is nobody's.
 *
 * Where there are no locks, a page takes up all there is. Two pages may then post a message, under one key, so it is said once.
 *
 * @import { Outbox, Pending } from "./outbox.js"
 * @import { Tabs } from "./tabs.js"
 *
 * @typedef {{ at: number, saved: boolean, lock: AbortController }} Mine  `at` keeps the order of what is taken up.
 */

import { keep, keysFrom, recall, recallJson } from "./storage.js";

export class Unsent {
  /** @param {Pick<Tabs, "hold"> | null} tabs @param {Pick<Outbox, "resume" | "discard">} outbox @param {() => number} wallMs */
  constructor(tabs, outbox, wallMs) {
    this.#tabs = tabs;
    this.#outbox = outbox;
    this.#wallMs = wallMs;
  }

  #tabs;
  #outbox;
  #wallMs;
  /** Of our session's entries; empty while that is not known. */
  #prefix = "";
  /** @type {Map<string, Mine>} */
  #mine = new Map();
  #lastAt = 0;
  #away = false;

  /** The session is known, or is another now: ours go with us. @param {string} sessionId @param {readonly Pending[]} pending */
  begin(sessionId, pending) {
    for (const key of [...this.#mine.keys()]) this.#forget(key);
    this.#prefix = `trio-agent.outbox.${sessionId}.`;
    this.keep(pending);
    return this.takeUp();
  }

  /** The outbox has changed. @param {readonly Pending[]} pending */
  keep(pending) {
    // While we are away an entry may be another tab's.
    if (!this.#prefix || this.#away) return;
    const unsent = pending.filter(({ status }) => status !== "accepted");
    const keys = new Set(unsent.map(({ key }) => key));
    for (const key of [...this.#mine.keys()]) if (!keys.has(key)) this.#forget(key);
    for (const each of unsent) {
      const mine = this.#mine.get(each.key) ?? this.#own(each.key);
      keep(this.#prefix + each.key, JSON.stringify({ ...each, at: mine.at }));
      mine.saved = recall(this.#prefix + each.key) !== null;
    }
  }

  /** Takes up what tabs that are gone have left. */
  async takeUp() {
    const prefix = this.#prefix;
    if (!prefix || this.#away) return;
    /** @type {{ entry: Pending & { at: number }, lock: AbortController }[]} */
    const found = [];
    for (const name of keysFrom(prefix)) {
      if (this.#mine.has(name.slice(prefix.length))) continue;
      const lock = new AbortController();
      if (!(await this.#hold(name, { ifAvailable: true }, lock))) continue;
      // Read only now: who had the lock may have got rid of it just before.
      const entry = recallJson(name);
      if (entry) found.push({ entry, lock });
      else lock.abort();
    }
    const stays = prefix === this.#prefix && !this.#away;
    const left = found.filter(({ entry, lock }) => {
      if (stays && !this.#mine.has(entry.key)) return true;
      lock.abort();
      return false;
    });
    // No wait from here to `resume`: `keep` would take an entry of ours that the outbox does not have for one that was sent.
    for (const { entry, lock } of left) this.#mine.set(entry.key, { at: entry.at, saved: true, lock });
    if (stays) this.#outbox.resume(left.map(({ entry }) => entry).sort((one, other) => one.at - other.at));
  }

  /** The page goes into the back/forward cache, out of which a lock would keep it, is frozen, or goes for good. */
  leave() {
    this.#away = true;
    for (const { lock } of this.#mine.values()) lock.abort();
  }

  /** It is back. What another tab has taken up, or sent, meanwhile is no longer ours. */
  async back() {
    if (this.#away) {
      for (const [key, mine] of [...this.#mine]) {
        mine.lock = new AbortController();
        const ours = await this.#hold(this.#prefix + key, { ifAvailable: true }, mine.lock);
        if (ours && (!mine.saved || recall(this.#prefix + key) !== null)) continue;
        mine.lock.abort();
        this.#mine.delete(key);
        this.#outbox.discard(key);
      }
      this.#away = false;
    }
    await this.takeUp();
  }

  /** @param {string} key */
  #own(key) {
    this.#lastAt = Math.max(this.#wallMs(), this.#lastAt + 1);
    const mine = { at: this.#lastAt, saved: false, lock: new AbortController() };
    this.#mine.set(key, mine);
    void this.#hold(this.#prefix + key, {}, mine.lock);
    return mine;
  }

  /** It was sent, or given up. @param {string} key */
  #forget(key) {
    keep(this.#prefix + key, null);
    this.#mine.get(key)?.lock.abort();
    this.#mine.delete(key);
  }

  /** @param {string} name @param {LockOptions} options @param {AbortController} lock */
  async #hold(name, options, { signal }) {
    return !this.#tabs || this.#tabs.hold(name, options, signal, () => undefined);
  }
}

/** Tells it of the page's life. @param {Unsent} unsent */
export function watchPage(unsent) {
  addEventListener("pagehide", () => unsent.leave());
  addEventListener("pageshow", () => void unsent.back());
  document.addEventListener("freeze", () => unsent.leave());
  document.addEventListener("resume", () => void unsent.back());
  document.addEventListener("visibilitychange", () => {
    if (!document.hidden) void unsent.takeUp();
  });
}
