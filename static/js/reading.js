/**
 * What of the log can be read now: its beginning, up to the moment that is shown, from the end that the store keeps and from the
 * pages of the history that are here. A page may hold messages of a later moment too: they are not to be seen before it.
 *
 * Each message that can be read has been told since `clear`, by `take` or by `came`, whichever way it came within reach: from the
 * stream, with a page, or because the moment that is shown has come to it while its page was here. So whoever puts messages where
 * they belong knows all that there are, and nothing of the future. A page that comes again is told again.
 *
 * @import { Log } from "./reducer.js"
 * @import { Message } from "./wire.js"
 */

import { PAGE } from "./history.js";
import { countOf, EMPTY } from "./reducer.js";

export class Reading {
  /** @param {(idx: number) => Message | undefined} earlier a message of the history, if its page is here */
  constructor(earlier) {
    this.#earlier = earlier;
  }

  #earlier;
  #log = EMPTY;
  #count = 0;

  /** Messages that are shown. */
  get count() {
    return this.#count;
  }

  clear() {
    this.#log = EMPTY;
    this.#count = 0;
  }

  /** The message, if it can be read. @param {number} idx @returns {Message | undefined} */
  get(idx) {
    const { base, messages } = this.#log;
    // The log of a moment has no message from `base` on that is later, so one that lies in a page is not looked up there.
    return idx >= base ? messages[idx - base] : this.#earlier(idx);
  }

  /** The log is shown so far. @param {Log} log no shorter than before @returns {Message[]} that can be read now, in order */
  take(log) {
    // The store's part may begin earlier than it did, too.
    const from = log.base < this.#log.base ? Math.min(log.base, this.#count) : this.#count;
    this.#log = log;
    this.#count = countOf(log);
    return this.#tell(from, this.#count);
  }

  /** A page of the history has come. @param {number} page @returns {Message[]} that can be read now, in order */
  came(page) {
    return this.#tell(page * PAGE, Math.min((page + 1) * PAGE, this.#count));
  }

  /** From where on all can be read, up to the moment that is shown. */
  get wholeFrom() {
    let from = Math.min(this.#log.base, this.#count);
    while (from > 0 && this.get(from - 1)) from = Math.floor((from - 1) / PAGE) * PAGE;
    return from;
  }

  /** @param {number} from @param {number} end */
  #tell(from, end) {
    const told = [];
    for (let idx = from; idx < end; idx++) {
      const message = this.get(idx);
      if (message) told.push(message);
    }
    return told;
  }
}
