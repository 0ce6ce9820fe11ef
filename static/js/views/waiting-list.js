/**
 * The user's messages that the agent has not read yet, above the field: each says when it will be, and can be taken back.
 *
 * @import { Log } from "../reducer.js"
 * @import { Snapshot } from "../store.js"
 * @import { Attached, Message, Waiting } from "../wire.js"
 */

import { el, icon, say, want } from "../dom.js";
import { isWorking } from "../format.js";
import { t } from "../words.js";
import { filesOf } from "./message-files.js";

/** What was said to an agent that is idle is read in the next moment, unless it is kept for the next message. @param {Log} log */
export function unreadOf({ state, waiting }) {
  const working = state !== null && isWorking(state.agent_state);
  return waiting.filter(({ when }) => working || when === "next_message");
}

export class WaitingList extends HTMLElement {
  #list = el("ul", { class: "waiting", "aria-label": t("Not read yet") });
  /** @type {readonly Waiting[]} */
  #shown = [];
  /** @type {Map<number, HTMLElement>} */
  #rows = new Map();

  connectedCallback() {
    this.append(this.#list);
    this.hidden = true;
  }

  /** @param {Snapshot} snapshot */
  show({ log, connection }) {
    const waiting = unreadOf(log);
    this.toggleAttribute("data-stale", connection.status !== "connected");
    if (same(waiting, this.#shown)) return;
    this.#shown = waiting;
    let left = -1;
    for (const [idx, row] of this.#rows) {
      if (waiting.some((each) => each.idx === idx)) continue;
      if (row.contains(document.activeElement)) left = [...this.#list.children].indexOf(row);
      row.remove();
      this.#rows.delete(idx);
    }
    for (const each of waiting) {
      const message = log.messages[each.idx - log.base];
      let row = this.#rows.get(each.idx);
      if (!row) {
        row = this.#row(each.idx, message);
        this.#rows.set(each.idx, row);
        this.#list.append(row);
      }
      const when = row.querySelector(".waiting-when");
      if (when) say(when, wordsOf(each.when));
    }
    this.hidden = waiting.length === 0;
    if (left >= 0) this.#focusFrom(left);
  }

  /** The row that had the focus is gone. @param {number} at */
  #focusFrom(at) {
    const next = this.#list.children[Math.min(at, this.#list.children.length - 1)];
    const button = next?.querySelector(".file-remove");
    if (button instanceof HTMLElement) button.focus();
    else this.dispatchEvent(new CustomEvent("emptied"));
  }

  /** @param {number} idx @param {Message | undefined} message */
  #row(idx, message) {
    const files = message ? filesOf(message) : [];
    const text = message?.content || files.map(({ name }) => name).join(", ");
    return el(
      "li",
      { class: "waiting-row", "data-waiting": idx },
      icon("clock"),
      el("span", { class: "waiting-words" }, el("span", { class: "waiting-text", text, title: text }), el("span", { class: "waiting-when" })),
      el("button", {
        class: "button small",
        type: "button",
        text: t("Edit"),
        "aria-label": t("Take back and edit: {text}", { text }),
        onClick: () => this.#withdraw(idx, message?.content ?? "", files, true),
      }),
      el(
        "button",
        {
          class: "file-remove",
          type: "button",
          "aria-label": t("Take back: {text}", { text }),
          title: t("Take it back"),
          onClick: () => this.#withdraw(idx, "", [], false),
        },
        icon("close"),
      ),
    );
  }

  /** @param {number} idx @param {string} text @param {readonly Attached[]} files @param {boolean} edit */
  #withdraw(idx, text, files, edit) {
    want(this, { kind: "withdraw", idx, edit: edit ? { text, files } : null });
  }
}

/** @param {Waiting["when"]} when */
function wordsOf(when) {
  if (when === "after_turn") return t("Read after this turn");
  return when === "next_message" ? t("Read with your next message") : t("Read as soon as the agent looks");
}

/** @param {readonly Waiting[]} one @param {readonly Waiting[]} other */
const same = (one, other) => one.length === other.length && one.every(({ idx, when }, at) => other[at]?.idx === idx && other[at]?.when === when);

customElements.define("waiting-list", WaitingList);
