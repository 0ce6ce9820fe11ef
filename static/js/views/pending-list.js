/** The user's messages that are on their way, below the log. @import { Pending } from "../outbox.js" */

import { want } from "../dom.js";
import { PendingCard } from "./pending-card.js";

export class PendingList extends HTMLElement {
  /** @type {Map<string, PendingCard>} */
  #cards = new Map();

  /** @param {readonly Pending[]} pending @returns {boolean} whether there is a new one */
  show(pending) {
    const keys = new Set(pending.map((each) => each.key));
    let isLeft = false;
    for (const [key, card] of this.#cards) {
      if (keys.has(key)) continue;
      isLeft ||= card.contains(document.activeElement);
      card.remove();
      this.#cards.delete(key);
    }
    let grew = false;
    for (const each of pending) {
      let card = this.#cards.get(each.key);
      if (!card) {
        grew = true;
        card = new PendingCard();
        this.#cards.set(each.key, card);
        this.append(card);
      }
      card.show(each);
    }
    // What had the focus is gone: on to the field.
    if (isLeft) want(this, { kind: "now" });
    return grew;
  }
}

customElements.define("pending-list", PendingList);
