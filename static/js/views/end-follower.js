/**
 * Where a scrolled box stands while its content changes: at its end, unless the user has gone up to read; then what they read
 * stays where it is on the screen, whatever grows or shrinks above it, and a pill leads back and says what has come.
 *
 * The browser's own scroll anchoring is off here: Safari has none, and the others give up just when a part of the log that
 * is on the screen is filled.
 */

import { el, say } from "../dom.js";
import { counted, t } from "../words.js";

/** Who comes this close to the end on the way down is there. */
const NEAR_PX = 48;
const UP = new Set(["ArrowUp", "PageUp", "Home"]);
const DOWN = new Set(["ArrowDown", "PageDown", "End"]);
/** How deep in the content an anchor is looked for: list, block, card, its text, a paragraph, a line of code. */
const DEPTH = 7;

export class EndFollower {
  #box;
  #content;
  #sticking = true;
  #empty = false;
  #unseen = 0;
  #top = 0;
  /** What stands at the box's upper edge, the outermost first, and where in the content. @type {{ element: Element, at: number }[]} */
  #anchors = [];
  /** To be put at the end of the box. */
  pill = el("button", { class: "pill", type: "button", hidden: true, onClick: () => this.toEnd() });

  /** @param {HTMLElement} box @param {HTMLElement} content its children stand one below the other, and change in size */
  constructor(box, content) {
    this.#box = box;
    this.#content = content;
    box.addEventListener("scroll", () => this.#scrolled(), { passive: true });
    // Before anything has moved: what is just being written would pull back who goes up by a little.
    box.addEventListener("wheel", ({ deltaY }) => this.#goes(deltaY), { passive: true });
    box.addEventListener("keydown", ({ key }) => this.#goes(UP.has(key) ? -1 : DOWN.has(key) ? 1 : 0));
    let finger = 0;
    const touched = (/** @type {TouchEvent} */ { touches, type }) => {
      const { clientY = finger } = touches[0] ?? {};
      if (type === "touchmove") this.#goes(finger - clientY);
      finger = clientY;
    };
    box.addEventListener("touchstart", touched, { passive: true });
    box.addEventListener("touchmove", touched, { passive: true });
    // Content grows after it was appended: when Markdown arrives, when a block comes into view and is laid out at last.
    const resized = new ResizeObserver(() => this.settle());
    resized.observe(content);
    resized.observe(box);
  }

  /** Whether there is nothing to follow: what stands in its place is read from its top. @param {boolean} yes */
  set empty(yes) {
    if (yes === this.#empty) return;
    this.#empty = yes;
    this.#sticking = true;
    if (yes) this.#box.scrollTop = 0;
    this.#top = this.#box.scrollTop;
  }

  get sticking() {
    return this.#sticking;
  }

  /** The content may have changed: go to the end if that is where the user is, else back to what they read. */
  settle() {
    if (this.#empty) return;
    this.notice();
    this.adjust();
  }

  /** Call before the content is changed: afterwards nobody can say whether the user has gone up or what was there is gone. */
  notice() {
    // Scrolled, and the event is still to come.
    if (this.#sticking && this.#box.scrollTop < this.#top) this.#scrolled();
  }

  /** The same as `settle` where the content alone may have moved anything. */
  adjust() {
    if (this.#empty) return;
    if (this.#sticking) {
      this.#box.scrollTop = this.#box.scrollHeight;
      this.#top = this.#box.scrollTop;
    } else {
      const anchor = this.#anchors.findLast(({ element }) => element.isConnected && element.getClientRects().length > 0);
      const shift = anchor ? this.#placeOf(anchor.element) - anchor.at : 0;
      if (Math.abs(shift) >= 1) this.#box.scrollTop += shift;
      this.#remember();
    }
    this.#show();
  }

  toEnd() {
    this.#sticking = true;
    this.adjust();
  }

  /** Put `element` into the middle of the box, and stay there. @param {Element} element */
  show(element) {
    this.#sticking = false;
    element.scrollIntoView({ block: "center" });
    this.#top = this.#box.scrollTop;
    this.#remember();
    this.#show();
  }

  /** @param {number} count messages that came */
  grew(count) {
    if (!this.#sticking) this.#unseen += count;
  }

  /** Who opens a part wants to read it: what it pushes away goes down, and nothing goes up. */
  hold() {
    this.#sticking = false;
    this.#remember();
    requestAnimationFrame(() => requestAnimationFrame(() => this.#goes(1)));
  }

  get #fromEnd() {
    const { scrollHeight, scrollTop, clientHeight } = this.#box;
    return scrollHeight - scrollTop - clientHeight;
  }

  /** The user wants to go there. @param {number} way below 0 = up */
  #goes(way) {
    if (this.#empty) return;
    if (way < 0 && this.#box.scrollTop > 0) this.#sticking = false;
    else if (way > 0 && this.#fromEnd < NEAR_PX) this.#sticking = true;
    else return;
    if (!this.#sticking) this.#remember();
    this.#show();
  }

  #scrolled() {
    if (this.#empty) return;
    const { scrollTop } = this.#box;
    const moved = scrollTop - this.#top;
    this.#top = scrollTop;
    // The event comes late: by then new content may have moved the end away, or what has shrunk the end to where one stands.
    if (moved < 0) this.#sticking = this.#fromEnd < 1;
    else if (moved > 0 && this.#fromEnd < NEAR_PX) this.#sticking = true;
    if (!this.#sticking) this.#remember();
    this.#show();
  }

  /** Where in the content, whatever is scrolled. @param {Element} element */
  #placeOf(element) {
    return element.getBoundingClientRect().top + this.#box.scrollTop;
  }

  #remember() {
    const { top, bottom } = this.#box.getBoundingClientRect();
    this.#anchors = [];
    let within = firstBelow(this.#content.children, top);
    while (within && this.#anchors.length < DEPTH) {
      // A block that is not filled yet has the size of a guess: what is known to stand on the screen holds better.
      const filled = firstFilled(within, bottom);
      this.#anchors.push({ element: filled, at: this.#placeOf(filled) });
      if (filled.getBoundingClientRect().top >= top) return;
      within = firstBelow(filled.children, top);
    }
  }

  #show() {
    if (this.#sticking) this.#unseen = 0;
    // Measured only where it matters: who follows the end comes by with every word.
    const isFar = () => this.#fromEnd > this.#box.clientHeight / 2;
    this.pill.hidden = this.#sticking || (this.#unseen === 0 && !isFar());
    if (this.pill.hidden) return;
    say(this.pill, this.#unseen > 0 ? counted("1 new message", "{count} new messages", this.#unseen) : t("To the end"));
  }
}

/** So few are looked at one by one: some of them may be hidden, and have no place at all. */
const FEW = 32;

/**
 * The first of elements one below the other that ends below `y`; there may be thousands.
 * @param {HTMLCollection} elements
 * @param {number} y in the viewport
 * @returns {Element | null}
 */
function firstBelow(elements, y) {
  if (elements.length <= FEW) return [...elements].find((each) => each.getBoundingClientRect().bottom > y) ?? null;
  let low = 0;
  let high = elements.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((elements[middle]?.getBoundingClientRect().bottom ?? 0) > y) high = middle;
    else low = middle + 1;
  }
  return elements[low] ?? null;
}

/** `block`, or the first after it that has anything in it and begins above `bottom`. @param {Element} block @param {number} bottom */
function firstFilled(block, bottom) {
  if (!block.matches(".block:empty")) return block;
  for (let next = block.nextElementSibling; next && next.getBoundingClientRect().top < bottom; next = next.nextElementSibling) {
    if (next.childElementCount > 0) return next;
  }
  return block;
}
