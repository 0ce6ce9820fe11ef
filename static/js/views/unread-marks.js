/**
 * The quiet word in the bubbles of messages that the agent has not read yet. What can be done with them stands above the field.
 *
 * @import { Waiting } from "../wire.js"
 */

import { el } from "../dom.js";
import { t } from "../words.js";

export class UnreadMarks {
  /** @type {Map<number, HTMLElement>} */
  #marks = new Map();

  /** @param {Element} log where the cards are @param {readonly Waiting[]} waiting */
  show(log, waiting) {
    for (const [idx, mark] of this.#marks) {
      if (mark.isConnected && waiting.some((each) => each.idx === idx)) continue;
      mark.remove();
      this.#marks.delete(idx);
    }
    for (const { idx } of waiting) {
      if (this.#marks.has(idx)) continue;
      // Its card may be far away, and made later.
      const foot = log.querySelector(`message-card[data-idx="${idx}"] > .card-foot`);
      if (!foot) continue;
      const mark = el("span", { class: "unread-mark", text: t("not read yet") });
      foot.prepend(mark);
      this.#marks.set(idx, mark);
    }
  }
}
