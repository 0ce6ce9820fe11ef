/**
 * What the user said before, to say again: ↑ in an empty field goes back through it, ↓ forth. Pure.
 *
 * @import { Log } from "./reducer.js"
 */

/** As far back as anybody goes by pressing a key. */
const MOST = 100;

/** The texts, newest first, each once. @param {Pick<Log, "messages">} log */
export function saidIn({ messages }) {
  /** @type {Set<string>} */
  const texts = new Set();
  for (let at = messages.length - 1; at >= 0 && texts.size < MOST; at--) {
    const message = messages[at];
    if (message?.type === "user" && !message.parent_conversation_id && message.content.trim()) texts.add(message.content);
  }
  return [...texts];
}

export class Said {
  /** @type {readonly string[]} What is gone through; of the moment at which it began. */
  #texts = [];
  #at = -1;

  /**
   * The text before (`1`) or after (`-1`) the one that is shown; null where there is none or the field holds words of its own.
   * @param {string} shown what stands in the field
   * @param {1 | -1} step
   * @param {() => readonly string[]} texts newest first
   */
  go(shown, step, texts) {
    if (this.#at < 0 || shown !== this.#texts[this.#at]) {
      if (shown !== "" || step < 0) return null;
      this.#texts = texts();
      this.#at = -1;
    }
    const to = this.#at + step;
    if (to >= this.#texts.length) return null;
    this.#at = to;
    return to < 0 ? "" : (this.#texts[to] ?? null);
  }
}
