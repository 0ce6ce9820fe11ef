/**
 * What of a long log lies before the part that the stream has brought: fetched in pages as it is wanted, and let go of when
 * there is more of it than anybody looks at. Messages never change, so a page that was let go of comes back the same.
 *
 * A page that does not come is asked for again when it is next wanted, and not at once: the connection's own indicator tells
 * that the server is away.
 *
 * @import { Message } from "./wire.js"
 * @import { World } from "./stream.js"
 */

/** Messages in one page. */
export const PAGE = 64;
/** The page of message `idx`. @param {number} idx */
export const pageOf = (idx) => Math.floor(idx / PAGE);
/** The stream and the rendering of Markdown need connections too. */
const AT_ONCE = 2;
const MAX_PAGES = 64;
/** From a failure to the next try. */
const AGAIN_MS = 2000;

export class History {
  /**
   * @param {Pick<World, "now">} world
   * @param {{
   *   fetch: (start: number, end: number) => Promise<Message[]>, onPage: (page: number) => void, count: () => number,
   * }} hooks
   *   `fetch` gives messages [start, end). `count`: how many the log has by now, whatever moment of it is shown.
   */
  constructor(world, hooks) {
    this.#world = world;
    this.#hooks = hooks;
  }

  #world;
  #hooks;
  /** @type {Map<number, readonly Message[]>} The page last used stands last. */
  #pages = new Map();
  #loading = new Set();
  /** @type {number[]} Wanted and not asked for; the newest wish stands last and goes first. */
  #wanted = [];
  /** @type {Map<number, number>} When a page that did not come was asked for. */
  #failed = new Map();
  #generation = 0;

  /** The log is another, or empty: its indexes mean other messages now. */
  clear() {
    this.#generation += 1;
    this.#pages.clear();
    this.#loading.clear();
    this.#failed.clear();
    this.#wanted = [];
  }

  /** The message, if its page is here. @param {number} idx */
  get(idx) {
    const page = pageOf(idx);
    return this.#pages.get(page)?.[idx - page * PAGE];
  }

  /** Have the page come, if it is not here: soon where many are wanted. @param {number} page */
  want(page) {
    const known = this.#pages.get(page);
    // A page at the log's end was shorter when it came than it is when the log has grown.
    if (known && known.length >= this.#endOf(page) - page * PAGE) {
      this.#pages.delete(page);
      this.#pages.set(page, known);
      return;
    }
    const failed = this.#failed.get(page);
    if (this.#loading.has(page) || (failed !== undefined && this.#world.now() - failed < AGAIN_MS)) return;
    this.#wanted = this.#wanted.filter((each) => each !== page);
    this.#wanted.push(page);
    // Who drags through a log has passed by what was wanted long ago.
    if (this.#wanted.length > MAX_PAGES / 4) this.#wanted.shift();
    this.#next();
  }

  /** @param {number} page */
  #endOf(page) {
    return Math.min((page + 1) * PAGE, this.#hooks.count());
  }

  #next() {
    while (this.#loading.size < AT_ONCE && this.#wanted.length > 0) void this.#load(/** @type {number} */ (this.#wanted.pop()));
  }

  /** @param {number} page */
  async #load(page) {
    const generation = this.#generation;
    this.#loading.add(page);
    try {
      const messages = await this.#hooks.fetch(page * PAGE, this.#endOf(page));
      if (generation !== this.#generation) return;
      this.#failed.delete(page);
      this.#pages.set(page, messages);
      for (const oldest of this.#pages.keys()) {
        if (this.#pages.size <= MAX_PAGES) break;
        this.#pages.delete(oldest);
      }
      this.#hooks.onPage(page);
    } catch (error) {
      if (generation !== this.#generation) return;
      console.warn(`page ${page} of the log did not come:`, error);
      this.#failed.set(page, this.#world.now());
    } finally {
      if (generation === this.#generation) {
        this.#loading.delete(page);
        this.#next();
      }
    }
  }
}
