/**
 * Fetches messages as HTML when they come into view, a few at a time: a log of thousands is never rendered as a whole.
 *
 * A message whose HTML does not come stays as the plain text it was, and is asked for again when it comes back into view.
 */

import { setSanitised } from "./trusted.js";

/** The stream holds one of a browser's six connections to a server; two more leave room for what the user does. */
const AT_ONCE = 2;

export class MarkdownRenderer {
  /** @param {(idx: number) => Promise<string>} html */
  constructor(html) {
    this.#html = html;
  }

  #html;
  #running = 0;
  /** @type {Map<Element, { idx: number, done: () => void }>} */
  #known = new Map();
  /** @type {Set<Element>} In view and not asked for. The newest in view goes first: it is what the user looks at. */
  #wanted = new Set();
  #observer = new IntersectionObserver((entries) => this.#look(entries), { rootMargin: "300px" });

  /** @param {Element} element holds the message as plain text @param {number} idx @param {() => void} done */
  watch(element, idx, done) {
    this.#known.set(element, { idx, done });
    this.#observer.observe(element);
  }

  /** Forget all; call when the log was dropped, for its indexes mean other messages now. */
  clear() {
    this.#observer.disconnect();
    this.#known.clear();
    this.#wanted.clear();
  }

  /** @param {IntersectionObserverEntry[]} entries */
  #look(entries) {
    for (const { target, isIntersecting } of entries) {
      if (isIntersecting) this.#wanted.add(target);
      else this.#wanted.delete(target);
    }
    this.#next();
  }

  #next() {
    while (this.#running < AT_ONCE && this.#wanted.size > 0) {
      const element = /** @type {Element} */ ([...this.#wanted].pop());
      this.#wanted.delete(element);
      void this.#render(element);
    }
  }

  /** @param {Element} element */
  async #render(element) {
    const known = this.#known.get(element);
    if (!known) return;
    this.#running += 1;
    try {
      const html = await this.#html(known.idx);
      if (this.#known.get(element) === known) {
        this.#known.delete(element);
        this.#observer.unobserve(element);
        setSanitised(element, html);
        known.done();
      }
    } catch (error) {
      console.warn(`message ${known.idx} stays plain text:`, error);
    } finally {
      this.#running -= 1;
      this.#next();
    }
  }
}
