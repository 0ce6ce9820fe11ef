/**
 * Parts of the page that show nothing until somebody asks for them. They are loaded once the log is on the screen: so opening it
 * is quick, and yet all is here if the server goes away later.
 */

import { want } from "./dom.js";
import { t } from "./words.js";

/** @type {Set<Later<any>>} */
const all = new Set();

/** @template T */
export class Later {
  /**
   * @param {() => Promise<T>} load imports the part, and gives what the page needs of it
   * @param {boolean} isIdle whether it comes when the page is idle; else not before it is asked for
   */
  constructor(load, isIdle = true) {
    this.#load = load;
    if (isIdle) all.add(this);
  }

  #load;
  /** @type {Promise<T> | null} */
  #coming = null;
  /** Null until it is here. @type {T | null} */
  part = null;

  /**
   * Loads it, once; what failed is tried again by the next call. Browsers that remember for the life of a page what they could
   * not import (the standard had it so until 2026) need a reload.
   */
  get() {
    this.#coming ??= this.#load().then(
      (part) => (this.part = part),
      (error) => {
        this.#coming = null;
        console.info("a part of the page did not come", error);
        // A browser's own words name a file.
        throw new Error(t("The server did not send it."), { cause: error });
      },
    );
    return this.#coming;
  }

  /** Run with the part: at once if it is here. The user is told where it cannot be had. @param {(part: T) => void} run */
  use(run) {
    if (this.part !== null) return run(this.part);
    this.get().then(run, (error) => want(document, { kind: "unloaded", error }));
  }
}

/** How long a page that is always busy may put it off. */
const LATEST_MS = 5000;

/** All that there are. One that does not come is asked for again when it is needed. */
export async function loadAll() {
  // A part may bring others along.
  for (let known = -1; known < all.size; ) {
    known = all.size;
    await Promise.all([...all].map((each) => each.get()));
  }
}

/** Loads all that are not here, when the browser has nothing better to do. */
export function loadTheRest() {
  const load = () => void loadAll().catch(() => undefined);
  if ("requestIdleCallback" in globalThis) requestIdleCallback(load, { timeout: LATEST_MS });
  // Safari has no word of when it is idle.
  else setTimeout(load);
}
