/**
 * What the user is writing, kept for the next visit: one entry in localStorage for each tab, so that two tabs of one session
 * never write over each other's words. An entry belongs to the tab that holds its lock; a page that begins takes up the newest
 * one that is nobody's, and the others wait for pages that come later.
 *
 * Where there are no locks nobody can tell whose an entry is: a page then takes the newest and keeps it under a name of its own.
 *
 * @import { Attached } from "./wire.js"
 * @import { Tabs } from "./tabs.js"
 *
 * @typedef {{ text: string, files: readonly Attached[] }} Draft
 */

import { keep, keysFrom, recall, recallJson } from "./storage.js";

export class Drafts {
  /** @param {Pick<Tabs, "hold"> | null} tabs @param {() => string} newId @param {() => number} wallMs */
  constructor(tabs, newId, wallMs) {
    this.#tabs = tabs;
    this.#newId = newId;
    this.#wallMs = wallMs;
  }

  #tabs;
  #newId;
  #wallMs;
  /** The name of our entry; empty while the session is not known. */
  #name = "";
  #lock = new AbortController();
  /** @type {Draft} */
  #draft = { text: "", files: [] };

  /** The session is known, or is another now. What was left of it; null where there is nothing. @param {string} sessionId @returns {Promise<Draft | null>} */
  async begin(sessionId) {
    const old = `trio-agent.draft.${sessionId}`;
    const prefix = `${old}.`;
    const name = prefix + this.#newId();
    this.#lock.abort();
    this.#name = name;
    this.#own();
    // Once all tabs of a session had one entry, of text alone.
    const first = recall(old);
    keep(old, null);
    if (first && !this.#isWritten) this.keep({ text: first, files: [] });
    else if (this.#isWritten) this.keep(this.#draft);
    else await this.#takeUp(prefix, name);
    return this.#name === name && this.#isWritten ? this.#draft : null;
  }

  /** @param {Draft} draft */
  keep(draft) {
    this.#draft = draft;
    if (!this.#name) return;
    keep(this.#name, this.#isWritten ? JSON.stringify({ ...draft, at: this.#wallMs() }) : null);
  }

  /** The page goes into the back/forward cache, out of which a lock would keep it, is frozen, or goes for good. */
  leave() {
    this.#lock.abort();
  }

  /** It is back. Another tab may have taken the words up meanwhile, under a name of its own: then both have them. */
  back() {
    if (!this.#lock.signal.aborted || !this.#name) return;
    this.#own();
    this.keep(this.#draft);
  }

  #own() {
    this.#lock = new AbortController();
    void this.#hold(this.#name, {});
  }

  get #isWritten() {
    return this.#draft.text !== "" || this.#draft.files.length > 0;
  }

  /** Make the newest that nobody holds ours. @param {string} prefix @param {string} mine */
  async #takeUp(prefix, mine) {
    const left = keysFrom(prefix)
      .map((name) => ({ name, at: Number(recallJson(name)?.at) || 0 }))
      .sort((one, other) => other.at - one.at);
    for (const { name } of left) {
      const lock = new AbortController();
      const free = await this.#hold(name, { ifAvailable: true }, lock);
      // Read only now: who had the lock may have got rid of it just before, and our user may have begun to write.
      const entry = free ? recallJson(name) : null;
      const wanted = entry && !this.#isWritten && this.#name === mine;
      if (wanted) {
        this.keep({ text: String(entry.text ?? ""), files: Array.isArray(entry.files) ? entry.files : [] });
        keep(name, null);
      }
      lock.abort();
      if (entry) return;
    }
  }

  /** @param {string} name @param {LockOptions} options @param {AbortController} lock */
  async #hold(name, options, lock = this.#lock) {
    return !this.#tabs || this.#tabs.hold(name, options, lock.signal, () => undefined);
  }
}

/** Tells it of the page's life. @param {Drafts} drafts */
export function watchDrafts(drafts) {
  addEventListener("pagehide", () => drafts.leave());
  addEventListener("pageshow", () => drafts.back());
  document.addEventListener("freeze", () => drafts.leave());
  document.addEventListener("resume", () => drafts.back());
}
