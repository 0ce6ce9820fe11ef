/**
 * Comments on lines, as they are written and read: `comments.js` keeps them.
 *
 * @import { Comment } from "../changes.js"
 * @import { Comments } from "../comments.js"
 */

import { promptOf } from "../changes.js";
import { el, icon, say, want } from "../dom.js";
import { counted, t } from "../words.js";

/**
 * What stands below a line: the comment, or the field to write it in.
 * @param {Comment} comment
 * @param {Comments} comments
 * @param {boolean} isOpen
 * @param {() => void} onGone called when there is nothing to show any more
 * @param {(() => void) | null} open shows the file at this line
 */
export function commentBox(comment, comments, isOpen, onGone, open) {
  const box = el("div", { class: "d-comment" });
  const where = comment.side === "old" ? t("Old line {line}", { line: comment.line }) : t("Line {line}", { line: comment.line });
  const read = () => {
    if (!comment.text.trim()) {
      box.remove();
      return onGone();
    }
    const change = el("button", { class: "button small", type: "button", onClick: write, text: t("Change") });
    const remove = el("button", { class: "button small", type: "button", text: t("Delete") });
    remove.addEventListener("click", () => {
      comments.say(comment, "");
      read();
    });
    const hadFocus = box.contains(document.activeElement);
    box.replaceChildren(el("p", { class: "d-said", text: comment.text }), el("div", { class: "d-actions" }, change, remove));
    if (hadFocus) change.focus();
  };
  const write = () => {
    const before = comment.text;
    const field = el("textarea", { rows: 3, "aria-label": t("Comment on {where}", { where }) });
    field.value = before;
    // Kept while it is written: a reload must not take it.
    field.addEventListener("input", () => comments.say(comment, field.value));
    const done = el("button", { class: "button small primary", type: "button", onClick: read, text: t("Keep the comment") });
    const back = () => {
      comments.say(comment, before);
      read();
    };
    field.addEventListener("keydown", (event) => {
      const isDone = event.key === "Enter" && (event.ctrlKey || event.metaKey);
      if (!isDone && event.key !== "Escape") return;
      // Escape would close the whole panel.
      event.preventDefault();
      if (isDone) read();
      else back();
    });
    const cancel = el("button", { class: "button small", type: "button", onClick: back, text: t("Cancel") });
    const at = open && el("button", { class: "button small quiet d-open", type: "button", onClick: open, text: t("Open the file here") });
    box.replaceChildren(field, el("div", { class: "d-actions" }, done, cancel, at));
    field.focus();
  };
  if (isOpen) queueMicrotask(write);
  else read();
  return box;
}

/** How many comments there are, and what can be done with them. */
export class CommentBar extends HTMLElement {
  /** @type {Comments | null} */
  comments = null;
  /** Called when the comments are with the message. */
  onTaken = () => {};
  #count = el("span", { role: "status" });

  connectedCallback() {
    const drop = el("button", { class: "button small", type: "button", onClick: () => this.comments?.empty(), text: t("Discard") });
    const take = el("button", { class: "button small primary", type: "button", text: t("Put into the message") });
    take.prepend(icon("send"));
    take.addEventListener("click", () => {
      // What another tab has taken just now must not come twice.
      this.comments?.look();
      const text = promptOf(this.comments?.all ?? []);
      if (!text) return;
      this.comments?.empty();
      // First of all: a dialog that closes gives the focus back to what opened it, and it belongs into the field now.
      this.onTaken();
      want(this, { kind: "append", text });
    });
    this.replaceChildren(this.#count, drop, take);
    this.show();
  }

  show() {
    const count = this.comments?.all.length ?? 0;
    this.hidden = count === 0;
    say(this.#count, counted("1 comment", "{count} comments", count));
  }
}

customElements.define("comment-bar", CommentBar);
