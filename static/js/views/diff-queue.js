/**
 * The files that are in view and wait for their lines: the one a reader jumped to first, a few at a time.
 *
 * @import { DiffFile } from "./diff-file.js"
 */

/** The stream holds one of a browser's six connections to a server. */
const AT_ONCE = 2;

export class DiffQueue {
  /** @type {Set<DiffFile>} */
  #waiting = new Set();
  #loading = 0;
  /** @type {DiffFile | null} What the reader jumped to: lines that come above it must not push it away. */
  #pinned = null;

  /** The reader goes elsewhere. */
  unpin() {
    this.#pinned = null;
  }

  clear() {
    this.#waiting.clear();
  }

  /** @param {DiffFile} view */
  drop(view) {
    this.#waiting.delete(view);
  }

  /** Ask for what came into view, not for what left it. @param {Map<DiffFile, boolean>} seen */
  look(seen) {
    for (const [view, isInView] of seen) {
      if (isInView) this.#waiting.add(view);
      else this.#waiting.delete(view);
    }
    this.#next();
  }

  /** Bring `view` to the top, before all others. @param {DiffFile} view */
  jump(view) {
    this.#pinned = view;
    view.scrollIntoView({ block: "start" });
    if (view.isWanted) this.#waiting = new Set([view, ...this.#waiting]);
    this.#next();
    if (this.#loading === 0) this.#pinned = null;
  }

  #next() {
    for (const view of this.#waiting) {
      if (this.#loading >= AT_ONCE) return;
      this.#waiting.delete(view);
      if (!view.isWanted) continue;
      this.#loading += 1;
      void view.load().finally(() => {
        this.#loading -= 1;
        this.#pinned?.scrollIntoView({ block: "start" });
        this.#next();
        if (this.#loading === 0) this.#pinned = null;
      });
    }
  }
}
