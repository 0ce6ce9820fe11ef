/**
 * Keeps a scrolled box at its end, unless the user has gone up to read; then a pill says when there is more.
 */

import { el } from "../dom.js";

/** This close to the end counts as being there. */
const NEAR_PX = 48;

export class EndFollower {
  #box;
  #sticking = true;
  #unseen = 0;
  #top = 0;
  /** To be put at the end of the box. */
  pill = el("button", { class: "pill", type: "button", hidden: true, onClick: () => this.toEnd() }, "New messages");

  /** @param {HTMLElement} box @param {HTMLElement} content what grows in it */
  constructor(box, content) {
    this.#box = box;
    box.addEventListener("scroll", () => this.#scrolled(), { passive: true });
    // Content grows after it was appended: when Markdown arrives, when a block comes into view and is laid out at last.
    const resized = new ResizeObserver(() => this.stick());
    resized.observe(content);
    resized.observe(box);
  }

  /** Go to the end if that is where the user is. */
  stick() {
    if (this.#sticking) this.#box.scrollTop = this.#box.scrollHeight;
    this.#show();
  }

  toEnd() {
    this.#sticking = true;
    this.stick();
  }

  /** @param {number} count messages that came */
  grew(count) {
    if (!this.#sticking) this.#unseen += count;
  }

  /** Who opens a part wants to read it: what it pushes away goes down, and nothing goes up. */
  hold() {
    this.#sticking = false;
    requestAnimationFrame(() => requestAnimationFrame(() => this.#scrolled()));
  }

  #scrolled() {
    const { scrollHeight, scrollTop, clientHeight } = this.#box;
    const near = scrollHeight - scrollTop - clientHeight < NEAR_PX;
    // Only going up is leaving the end: the event comes late, and by then new content may have moved the end away.
    if (near || scrollTop < this.#top) this.#sticking = near;
    this.#top = scrollTop;
    this.#show();
  }

  #show() {
    if (this.#sticking) this.#unseen = 0;
    this.pill.hidden = this.#sticking || this.#unseen === 0;
  }
}
