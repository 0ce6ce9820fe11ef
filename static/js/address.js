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

  /** A link to `url` was followed. To the address that the page has already, the browser goes without a word. @param {string} url */
  followed(url) {
    if (url === this.#location.href) this.changed();
  }

  /** @param {number} idx */
  leadTo(idx) {
    const hash = `#message-${idx}`;
    if (this.#location.hash === hash) this.changed();
    else this.#location.hash = hash;
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

/** @param {Address} address */
export function watchAddress(address) {
  addEventListener("hashchange", () => address.changed());
  document.addEventListener("click", (event) => {
    const link = event.target instanceof Element ? event.target.closest("a") : null;
    const opensHere = link?.target === "" && !(event.ctrlKey || event.metaKey || event.shiftKey || event.altKey);
    if (opensHere && !event.defaultPrevented) address.followed(link.href);
  });
}
