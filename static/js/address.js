/**
 * What the page's address says: which session is shown, which message it leads to, and the token that the printed link brings.
 */

import { TOKEN_KEY } from "./api.js";

/**
 * The token, from the address's fragment; empty if it has none. The fragment goes at once: an address is copied, bookmarked,
 * shown.
 * @param {Location} location
 * @param {History} history
 */
function tokenOf(location, history) {
  const token = new URLSearchParams(location.hash.slice(1)).get("token") ?? "";
  if (token) history.replaceState(history.state, "", location.pathname + location.search);
  return token;
}

/**
 * The token that the address brings, which is kept; else the one that was kept before.
 * @param {Location} location
 * @param {History} history
 * @param {{ recall: (key: string) => string | null, keep: (key: string, value: string | null) => void }} storage
 */
export function takeToken(location, history, storage) {
  const given = tokenOf(location, history);
  if (given) storage.keep(TOKEN_KEY, given);
  return given || storage.recall(TOKEN_KEY) || "";
}

/** The session that the page's address names; empty for the newest. @param {string} pathname */
export function sessionOf(pathname) {
  return decodeURIComponent(/\/sessions\/([^/]+)\/$/.exec(pathname)?.[1] ?? "");
}

/** The message that an address leads to; -1 where it names none. @param {string} hash */
export function messageOf(hash) {
  const [, idx] = /^#message-(\d{1,15})$/.exec(hash) ?? [];
  return idx === undefined ? -1 : Number(idx);
}

export class Address {
  /**
   * @param {Location} location
   * @param {History} history
   * @param {{ onToken: (token: string) => void, onMessage: () => void }} hooks
   */
  constructor(location, history, { onToken, onMessage }) {
    this.#location = location;
    this.#history = history;
    this.#onToken = onToken;
    this.#onMessage = onMessage;
    this.wanted = messageOf(location.hash);
  }

  #location;
  #history;
  #onToken;
  #onMessage;
  /** The message that the address leads to, until it is shown; -1 = none. */
  wanted;

  /** Another fragment stands in the address of the page that is here: a link was pressed, or pasted over it. */
  changed() {
    const token = tokenOf(this.#location, this.#history);
    if (token) return this.#onToken(token);
    this.wanted = messageOf(this.#location.hash);
    this.#onMessage();
  }

  /**
   * The session is known to which the root's address has led. From now on the page is at `url`, its own: going back to it, or
   * loading it again, must not lead to one that has come since.
   * @param {string} url
   */
  settle(url) {
    this.#history.replaceState(this.#history.state, "", url + this.#location.search + this.#location.hash);
  }
}
