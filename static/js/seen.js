/**
 * How far the user has read each session, in this browser: what has come since is unread. A session that was there before
 * anything was noted counts as read, for nobody wants a list full of marks on their first visit.
 *
 * @import { SessionSummary } from "./wire.js"
 * @import { World } from "./stream.js"
 */

const KEY = "trio-agent.seen";
/** The count of a session that is looked at while it works changes all the time. */
const WRITE_MS = 1000;

export class Seen {
  /**
   * @param {Pick<World, "setTimer">} world
   * @param {{ recallJson: (key: string) => any, keep: (key: string, value: string | null) => void }} storage
   */
  constructor(world, storage) {
    this.#world = world;
    this.#storage = storage;
    this.read();
  }

  #world;
  #storage;
  /** @type {Map<string, number> | null} Messages read, by session; null where nothing was noted yet. */
  #counts = null;
  /** @type {Map<string, number>} */
  #unwritten = new Map();
  #writing = false;

  /** Look at what is noted: another tab may have. */
  read() {
    const kept = this.#storage.recallJson(KEY);
    if (kept && typeof kept === "object") this.#counts = new Map([...Object.entries(kept), ...this.#unwritten]);
  }

  /** @param {string} sessionId @param {number} count the messages that the user has before their eyes */
  mark(sessionId, count) {
    if (this.#counts?.get(sessionId) === count) return;
    this.#counts?.set(sessionId, count);
    this.#unwritten.set(sessionId, count);
    if (this.#writing) return;
    this.#writing = true;
    this.#world.setTimer(() => this.write(), WRITE_MS);
  }

  /** @param {readonly SessionSummary[]} sessions @returns {Set<string>} the ids of those with messages not read yet */
  unread(sessions) {
    if (!this.#counts) {
      this.#counts = new Map(sessions.map((each) => [each.session_id, each.message_count ?? 0]));
      for (const [id, count] of this.#counts) if (!this.#unwritten.has(id)) this.#unwritten.set(id, count);
      for (const [id, count] of this.#unwritten) this.#counts.set(id, count);
      this.write();
    }
    const counts = this.#counts;
    const unread = sessions.filter((each) => (each.message_count ?? 0) > (counts.get(each.session_id) ?? 0));
    return new Set(unread.map(({ session_id }) => session_id));
  }

  /** Other tabs write too: only what is ours is put over what is noted. */
  write() {
    this.#writing = false;
    if (this.#unwritten.size === 0 || !this.#counts) return;
    const kept = this.#storage.recallJson(KEY) ?? {};
    this.#storage.keep(KEY, JSON.stringify({ ...kept, ...Object.fromEntries(this.#unwritten) }));
    this.#unwritten.clear();
  }
}

/** Whether a change in the browser's storage, by another tab, is one of what was read. @param {string | null} key */
export const isSeen = (key) => key === KEY;
