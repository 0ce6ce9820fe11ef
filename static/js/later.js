/**
 * Parts of the page that show nothing until somebody asks for them. They are loaded once the log is on the screen: so opening it
 * is quick, and yet all is here if the server goes away later.
 */

import { want } from "./dom.js";

/** @type {Set<Later<any>>} */
const all = new Set();

/** @template T */
export class Later {
  /** @param {() => Promise<T>} load imports the part, and gives what the page needs of it */
  constructor(load) {
    this.#load = load;
    all.add(this);
  }

  #load;
  /** @type {Promise<T> | null} */
  #coming = null;
  /** Null until it is here. @type {T | null} */
  part = null;

  /** Loads it, once; what failed is tried again by the next call. */
  get() {
    this.#coming ??= this.#load().then(
      (part) => (this.part = part),
      (error) => {
        this.#coming = null;
        throw error;
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
export const loadAll = () => Promise.all([...all].map((each) => each.get()));

/** Loads all that are not here, when the browser has nothing better to do. */
export function loadTheRest() {
  const load = () => void loadAll().catch((error) => console.info("a part of the page is to come later", error));
  if ("requestIdleCallback" in globalThis) requestIdleCallback(load, { timeout: LATEST_MS });
  // Safari has no word of when it is idle.
  else setTimeout(load);
}
