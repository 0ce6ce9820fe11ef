/**
 * Fetches messages as HTML when they come into view, a few at a time: a log of thousands is never rendered as a whole.
 *
 * A message whose HTML does not come stays as the plain text it was, and is asked for again when it comes back into view.
 */

import { setSanitised } from "./trusted.js";

/** The stream holds one of a browser's six connections to a server; two more leave room for what the user does. */
const AT_ONCE = 2;
/** Messages whose HTML is kept, so that a card that is made again has it at once, and nothing moves. */
const KEPT = 400;

export class MarkdownRenderer {
  /** @param {(idx: number) => Promise<string>} html @param {Element | null} view what scrolls; null = the window */
  constructor(html, view = null) {
    this.#html = html;
    this.#observer = new IntersectionObserver((entries) => this.#look(entries), { root: view, rootMargin: "600px" });
  }

  #html;
  #running = 0;
  /** @type {Map<Element, { idx: number, done: () => void }>} */
  #known = new Map();
  /** @type {Set<Element>} In view and not asked for. The newest in view goes first: it is what the user looks at. */
  #wanted = new Set();
  #observer;

  /** @type {Map<number, string>} By message; what was used last stands last. */
  #kept = new Map();

  /** @param {Element} element holds the message as plain text @param {number} idx @param {() => void} done */
  watch(element, idx, done) {
    const html = this.#kept.get(idx);
    if (html !== undefined) {
      setSanitised(element, html);
      return done();
    }
    this.#known.set(element, { idx, done });
  }

  /**
   * Whether the element is anywhere near the view. Only then it is looked after: a thousand that are not would be measured with
   * every frame.
   * @param {Element} element
   * @param {boolean} isNear
   */
  near(element, isNear) {
    if (isNear && this.#known.has(element)) this.#observer.observe(element);
    else if (!isNear) {
      this.#observer.unobserve(element);
      this.#wanted.delete(element);
    }
  }

  /** The element is gone. @param {Element} element */
  forget(element) {
    this.#observer.unobserve(element);
    this.#known.delete(element);
    this.#wanted.delete(element);
  }

  /** Forget all; call when the log was dropped, for its indexes mean other messages now. */
  clear() {
    this.#observer.disconnect();
    this.#known.clear();
    this.#wanted.clear();
    this.#kept.clear();
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
        this.#keep(known.idx, html);
        this.forget(element);
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

  /** @param {number} idx @param {string} html */
  #keep(idx, html) {
    this.#kept.set(idx, html);
    const [oldest] = this.#kept.keys();
    if (this.#kept.size > KEPT && oldest !== undefined) this.#kept.delete(oldest);
  }
}
