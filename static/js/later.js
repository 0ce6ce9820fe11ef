/**
 * Parts of the page that show nothing until somebody asks for them. They are loaded once the log is on the screen: so opening it
 * is quick, and yet all is here if the server goes away later.
 */

import { want } from "./dom.js";
import { t } from "./words.js";

/** @type {Set<Later<any>>} */
const all = new Set();
/** How many are on their way. */
let coming = 0;

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
    this.#coming ??= this.#fetch();
    return this.#coming;
  }

  #fetch() {
    coming += 1;
    return this.#load().then(
      (part) => {
        coming -= 1;
        return (this.part = part);
      },
      (error) => {
        coming -= 1;
        this.#coming = null;
        console.info("a part of the page did not come", error);
        // A browser's own words name a file.
        throw new Error(t("The server did not send it."), { cause: error });
      },
    );
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

/**
 * Parts that are on their way from a server that answers nobody are given up, to be asked for again. An import has no end of its
 * own, and a few of them hold all six of a browser's connections to a server: none would be left to find out that it is back.
 * @returns {boolean} whether there were any
 */
export function giveUp() {
  // There is no other way to end an import. What else is ended by it waits for the same server, and has been given up for lost.
  if (coming > 0) globalThis.stop();
  return coming > 0;
}

/** Loads all that are not here, when the browser has nothing better to do. */
export function loadTheRest() {
  const load = () => void loadAll().catch(() => undefined);
  if ("requestIdleCallback" in globalThis) requestIdleCallback(load, { timeout: LATEST_MS });
  // Safari has no word of when it is idle.
  else setTimeout(load);
}
