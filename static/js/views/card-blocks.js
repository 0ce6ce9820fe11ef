/**
 * The log's cards in blocks of one page of messages each. A block is filled when it comes near the view; what is far away is
 * emptied when there are too many cards, and keeps its measured height. So the page stays small however long the log is,
 * and the scroll bar tells the truth.
 *
 * Blocks that are filled and out of sight stay in the document, where the browser's search finds them, but are not laid out.
 */

import { el } from "../dom.js";
import { PAGE } from "../history.js";

/** Time for filling in one go when nobody waits for it; the rest of a 60 Hz frame is the browser's. */
const SLICE_MS = 8;
/** A log no longer than this is filled at once. */
const SHORT = 1000;
/** Cards in the document at most, but for those in view. */
export const MAX_CARDS = 2500;
/** How far beyond the view blocks are filled, in heights of the view; and how far their messages are fetched. */
const NEAR = 1.5;
const FAR = 4;

export class CardBlocks {
  element = el("div", { class: "cards" });
  /** @type {HTMLElement[]} */
  #blocks = [];
  /** @type {Map<number, number>} Filled blocks: the index up to which they are. */
  #filled = new Map();
  #count = 0;
  #cards = 0;
  #filling = false;
  #guessed = false;

  /**
   * @param {HTMLElement} box that scrolls
   * @param {{
   *   build: (idx: number) => HTMLElement | null, drop: (block: HTMLElement) => void,
   *   near: (block: HTMLElement, isNear: boolean) => void, has: (idx: number) => boolean,
   *   want: (page: number) => void, begin: () => void, settle: () => void,
   * }} rows  `build` makes the card of a message, or null for one that is shown in another's. `near`: the block, or more in it, is
   *   near the view or not. `begin`: sizes may change now; `settle`: they have.
   */
  constructor(box, rows) {
    this.#box = box;
    this.#rows = rows;
  }

  #box;
  #rows;

  clear() {
    this.#blocks = [];
    this.#filled.clear();
    this.#count = 0;
    this.#cards = 0;
    this.#guessed = false;
    this.element.replaceChildren();
  }

  /** The log has `count` messages. @param {number} count */
  resize(count) {
    this.#count = count;
    const missing = Math.ceil(count / PAGE) - this.#blocks.length;
    if (missing <= 0) return;
    const blocks = Array.from({ length: missing }, () => el("div", { class: "block" }));
    this.#blocks.push(...blocks);
    this.element.append(...blocks);
  }

  /** Fill what is in view or near it. Call when the log has grown, was scrolled, or a page has come. */
  look() {
    if (this.#count === 0) return;
    this.#rows.begin();
    // Filling changes sizes, and so what is in view.
    for (let round = 0; round < 6; round++) {
      const [first, last] = this.#near(NEAR);
      let changed = this.#showNear(first, last);
      for (let block = last; block >= first; block--) changed = this.#fill(block) || changed;
      if (this.#count <= SHORT) for (let block = this.#blocks.length - 1; block >= 0; block--) changed = this.#fill(block) || changed;
      if (!changed) break;
      this.#guess(first, last);
      this.#rows.settle();
    }
    const [first, last] = this.#near(FAR);
    for (let block = first; block <= last; block++) if (this.#lacks(block)) this.#rows.want(block);
    this.#empty();
    this.#fillLater();
  }

  /** The block of message `idx`, filled if its messages are here. @param {number} idx */
  blockOf(idx) {
    const block = Math.floor(idx / PAGE);
    if (this.#fill(block)) this.#rows.settle();
    return this.#blocks[block] ?? null;
  }

  /** Build the block anew: other messages belong to it than was known. @param {Element} element */
  refill(element) {
    const block = this.#blocks.indexOf(/** @type {HTMLElement} */ (element));
    if (!this.#filled.has(block)) return;
    this.#drop(block);
    this.#fill(block);
  }

  /** The first and last block that lie within `heights` of the view. @param {number} heights @returns {[number, number]} */
  #near(heights) {
    const { scrollTop, clientHeight } = this.#box;
    const first = this.#at(scrollTop - heights * clientHeight);
    return [first, this.#at(scrollTop + (1 + heights) * clientHeight)];
  }

  /** The last block that begins above `y`. @param {number} y in the content */
  #at(y) {
    let low = 0;
    let high = this.#blocks.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if (/** @type {HTMLElement} */ (this.#blocks[middle]).offsetTop <= y) low = middle;
      else high = middle - 1;
    }
    return low;
  }

  /** @param {number} first @param {number} last */
  #showNear(first, last) {
    let changed = false;
    for (const [block] of this.#filled) {
      const element = /** @type {HTMLElement} */ (this.#blocks[block]);
      const near = block >= first && block <= last;
      if (element.classList.contains("near") === near) continue;
      element.classList.toggle("near", near);
      this.#rows.near(element, near);
      changed = true;
    }
    return changed;
  }

  /** @param {number} block */
  #endOf(block) {
    return Math.min((block + 1) * PAGE, this.#count);
  }

  /** Whether messages of the block are not here. @param {number} block */
  #lacks(block) {
    for (let idx = this.#filled.get(block) ?? block * PAGE; idx < this.#endOf(block); idx++) if (!this.#rows.has(idx)) return true;
    return false;
  }

  /** Whether there was anything to fill, and it was here. @param {number} block */
  #fill(block) {
    const from = this.#filled.get(block) ?? block * PAGE;
    const end = this.#endOf(block);
    const element = this.#blocks[block];
    if (!element || from >= end || this.#lacks(block)) return false;
    const cards = document.createDocumentFragment();
    for (let idx = from; idx < end; idx++) {
      const card = this.#rows.build(idx);
      if (card) cards.append(card);
    }
    this.#cards += cards.childElementCount;
    this.#filled.set(block, end);
    element.style.height = "";
    element.append(cards);
    if (element.classList.contains("near")) this.#rows.near(element, true);
    return true;
  }

  /** Unseen blocks are as high as those seen first, by and large. @param {number} first @param {number} last */
  #guess(first, last) {
    for (let block = last; block >= first && !this.#guessed; block--) {
      if (this.#filled.get(block) !== (block + 1) * PAGE || !this.#blocks[block]?.classList.contains("near")) continue;
      this.#guessed = true;
      this.element.style.setProperty("--block-guess", `${this.#blocks[block]?.offsetHeight}px`);
    }
  }

  /** @param {number} block */
  #drop(block) {
    const element = /** @type {HTMLElement} */ (this.#blocks[block]);
    this.#rows.drop(element);
    this.#cards -= element.childElementCount;
    this.#filled.delete(block);
    element.style.height = `${element.offsetHeight}px`;
    element.classList.remove("near");
    element.replaceChildren();
  }

  #empty() {
    if (this.#cards <= MAX_CARDS) return;
    const [first, last] = this.#near(NEAR);
    const distance = (/** @type {number} */ block) => Math.max(first - block, block - last);
    const far = [...this.#filled.keys()].filter((block) => distance(block) > 0).sort((one, other) => distance(other) - distance(one));
    for (const block of far) {
      if (this.#cards <= MAX_CARDS) return;
      this.#drop(block);
    }
  }

  /** What is not in view is filled when there is nothing else to do, so that it is there when it is scrolled to, or searched. */
  #fillLater() {
    if (this.#filling || this.#next() < 0) return;
    this.#filling = true;
    setTimeout(() => {
      this.#filling = false;
      this.#rows.begin();
      const deadline = performance.now() + SLICE_MS;
      let block = this.#next();
      if (block < 0) return;
      for (; block >= 0 && performance.now() < deadline; block = this.#next()) this.#fill(block);
      this.#rows.settle();
      this.#fillLater();
    });
  }

  /** The nearest block that could be filled; -1 if there is none or no room. */
  #next() {
    if (this.#cards + PAGE > MAX_CARDS) return -1;
    const [first, last] = this.#near(0);
    for (let away = 0; away < this.#blocks.length; away++) {
      for (const block of [first - away, last + away]) {
        const open = block >= 0 && block < this.#blocks.length && (this.#filled.get(block) ?? 0) < this.#endOf(block);
        if (open && !this.#lacks(block)) return block;
      }
    }
    return -1;
  }
}
