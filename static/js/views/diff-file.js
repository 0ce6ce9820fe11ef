/**
 * One file that changed: its head, and its lines once they are wanted.
 *
 * @import { ChangedFile, ChangedLines, Line } from "../changes.js"
 * @import { Comments } from "../comments.js"
 *
 * @typedef {{ path: string, old: string, commit: string, start: number, context: number, ignoreSpace: boolean }} LinesAsked
 * @typedef {{
 *   commit: string, comments: Comments, isSplit: boolean, ignoreSpace: boolean,
 *   lines: (asked: LinesAsked) => Promise<ChangedLines>, open: (file: ChangedFile, line: number) => void,
 *   draw: (file: DiffFile) => void,
 * }} Desk  `draw` has a file drawn whose lines have come, without moving what is read
 */

import { keyOf, textOf } from "../changes.js";
import { el } from "../dom.js";
import { sizeOf } from "../format.js";
import { counted, t } from "../words.js";
import { commentBox } from "./diff-comments.js";
import { headOf } from "./diff-head.js";
import { chooseNumber, moveNumber, numberOf } from "./diff-numbers.js";
import { table } from "./diff-rows.js";

/** A change of more lines waits until it is asked for. */
const LARGE = 1500;
/** Rows in one table: those out of sight are not laid out. */
const ROWS = 250;
const CONTEXT = [3, 30, 1_000_000];

export class DiffFile extends HTMLElement {
  /** @param {ChangedFile} file @param {Desk} desk */
  constructor(file, desk) {
    super();
    this.file = file;
    this.#desk = desk;
  }

  #desk;
  #head = el("div", { class: "d-head" });
  #body = el("div", { class: "d-body" });
  /** @type {Line[] | null} Null until they have come. */
  #lines = null;
  /** @type {ChangedLines | null} */
  #told = null;
  #context = 0;
  #isFolded = false;
  #asked = 0;
  #stale = false;

  connectedCallback() {
    if (this.#head.isConnected) return;
    this.append(this.#head, this.#body);
    this.#body.addEventListener("click", (event) => this.#pressed(event));
    this.#body.addEventListener("keydown", (event) => moveNumber(this, event));
    this.#body.addEventListener("focusout", () => queueMicrotask(() => this.#stale && !this.#isBusy && void this.load()));
    this.#drawHead();
    this.#drawWaiting();
  }

  get key() {
    return keyOf(this.file);
  }

  /** Whether its lines should be asked for when it comes into view. */
  get isWanted() {
    return this.#lines === null && this.#asked === 0 && !this.#isFolded && this.#isSmall;
  }

  /** Beside a file that is new, or gone, stands nothing. */
  get #isSplit() {
    return this.#desk.isSplit && this.file.status !== "added" && this.file.status !== "deleted";
  }

  get #isSmall() {
    const { binary, added, removed } = this.file;
    return !binary && added + removed > 0 && added + removed <= LARGE;
  }

  /** What is written or chosen here must not be taken away. */
  get #isBusy() {
    return this.querySelector("textarea") !== null;
  }

  /** The file as it is now. @param {ChangedFile} file */
  async update(file) {
    const { version } = this.file;
    this.file = file;
    if (version === file.version) return;
    this.#drawHead();
    this.#stale = this.#lines !== null;
    if (!this.#lines) this.#drawWaiting();
    else if (!this.#isBusy) await this.load();
  }

  /** Ask for the lines, as many as there were; for the first of them where there were none. */
  async load(more = 0) {
    const asked = ++this.#asked;
    this.#stale = false;
    const wanted = Math.max(1, (this.#lines?.length ?? 0) + more);
    if (!this.#lines) this.#say(t("Loading…"));
    try {
      /** @type {Line[]} */
      let lines = [];
      let told;
      do {
        const { quoted: path, old_quoted: old } = this.file;
        const { commit, ignoreSpace } = this.#desk;
        told = await this.#desk.lines({ path, old, commit, start: lines.length, context: CONTEXT[this.#context] ?? 0, ignoreSpace });
        if (asked !== this.#asked) return;
        lines = [...lines, ...told.lines];
      } while (lines.length < Math.min(wanted, told.count) && told.lines.length > 0);
      this.#lines = lines;
      this.#told = told;
      this.#desk.draw(this);
    } catch (error) {
      if (asked !== this.#asked) return;
      const again = el("button", { class: "button small", type: "button", onClick: () => void this.load(), text: t("Try again") });
      const words = t("The lines could not be fetched: {why}", { why: error instanceof Error ? error.message : String(error) });
      this.#body.replaceChildren(el("p", { class: "d-note problem" }, words), again);
    }
  }

  /** Forget the lines: they are asked for in another way now. */
  reset() {
    this.#lines = null;
    this.#asked = 0;
    this.#drawWaiting();
  }

  draw() {
    if (!this.#lines || !this.#told) return;
    const { whole, cut, count } = this.#told;
    const lines = this.#lines;
    const digits = String(lines.reduce((most, line) => Math.max(most, line.old ?? 0, line.new ?? 0), 0)).length;
    this.style.setProperty("--digits", String(digits));
    const parts = [];
    if (lines.length === 0) parts.push(el("p", { class: "d-note", text: t("Only white space changed.") }));
    const more = whole && this.#context < CONTEXT.length - 1 ? () => this.#widen() : null;
    for (let from = 0; from < lines.length; from += ROWS) {
      const label = t("Changes in {path}", { path: this.file.path });
      const how = { isSplit: this.#isSplit, label, before: lines[from - 1] ?? null, more };
      parts.push(el("div", { class: "d-rows" }, table(lines.slice(from, from + ROWS), how)));
    }
    if (lines.length < count) {
      const text = counted("Show the last line", "Show more of {count} lines", count - lines.length);
      const next = el("button", { class: "button small d-next", type: "button", text });
      next.addEventListener("click", () => void this.load(1));
      parts.push(next);
    } else if (cut) parts.push(el("p", { class: "d-note", text: t("The change is too large to be shown whole.") }));
    const restore = this.#focused();
    this.#body.replaceChildren(...parts);
    this.#body.querySelector(".d-no button")?.setAttribute("tabindex", "0");
    for (const comment of this.#desk.comments.of(this.key, this.#desk.commit)) this.#place(comment, false);
    restore();
  }

  /** The line, or the comment, that has the focus: called when all is drawn anew, it gives it back. */
  #focused() {
    const focused = document.activeElement;
    if (!(focused instanceof HTMLElement) || !this.#body.contains(focused)) return () => undefined;
    const { side, line } = focused.dataset;
    const at = focused.closest("[data-comment]")?.getAttribute("data-comment");
    return () => {
      const again = this.#body.querySelector(at ? `[data-comment="${at}"] button` : `.d-no button[data-side="${side}"][data-line="${line}"]`);
      if (!(again instanceof HTMLElement)) return;
      if (!at) chooseNumber(this, again);
      again.focus({ preventScroll: true });
    };
  }

  #drawHead() {
    const how = { isFolded: this.#isFolded, fold: () => this.#fold(), open: () => void this.#open() };
    this.#head.replaceChildren(...headOf(this.file, how));
  }

  #drawWaiting() {
    const { binary, old_bytes: old, new_bytes: now, added, removed, status } = this.file;
    if (binary) {
      const sizes = [status === "added" ? "" : sizeOf(old), status === "deleted" ? "" : sizeOf(now)].filter(Boolean).join(" → ");
      this.#say(t("A binary file: {sizes}", { sizes }));
    } else if (added + removed === 0) {
      this.#say(status === "added" || status === "deleted" ? t("The file is empty.") : t("No line of it changed."));
    } else if (added + removed > LARGE) {
      const show = el("button", { class: "button small", type: "button", onClick: () => void this.load(), text: t("Show the lines") });
      this.#body.replaceChildren(el("p", { class: "d-note", text: counted("A change of 1 line", "A large change: {count} lines", added + removed) }), show);
    } else this.#say(t("Loading…"));
  }

  /** @param {string} text */
  #say(text) {
    this.#body.replaceChildren(el("p", { class: "d-note", text }));
  }

  #fold() {
    this.#isFolded = !this.#isFolded;
    this.#body.hidden = this.#isFolded;
    this.#head.querySelector(".d-fold")?.setAttribute("aria-expanded", String(!this.#isFolded));
    if (this.isWanted) void this.load();
  }

  #widen() {
    this.#context += 1;
    void this.load(1).then(() => this.querySelector(".d-more")?.closest("tr")?.scrollIntoView({ block: "center" }));
  }

  /** Open the file at the line that was chosen last, or else at the first that changed. */
  async #open(line = 0) {
    if (!line && !this.#lines && this.#isSmall) await this.load();
    const chosen = /** @type {HTMLElement | null} */ (this.querySelector('.d-no button[tabindex="0"]'));
    const first = this.#lines?.find(({ kind = "same", new: now }) => kind === "added" && now)?.new;
    const focused = chosen?.dataset.side === "new" && chosen.dataset.chosen ? Number(chosen.dataset.line) : 0;
    this.#desk.open(this.file, line || focused || first || 1);
  }

  /** @param {MouseEvent} event */
  #pressed(event) {
    const button = numberOf(event);
    if (!button) return;
    chooseNumber(this, button);
    /** @type {"old" | "new"} */
    const side = button.dataset.side === "old" ? "old" : "new";
    const line = Number(button.dataset.line);
    const { comments, commit } = this.#desk;
    const known = comments.of(this.key, commit).find((each) => each.side === side && each.line === line);
    const found = this.#lines?.find((each) => (side === "old" ? each.kind === "removed" && each.old === line : each.new === line));
    const { path, old_path: old } = this.file;
    const quote = textOf(found?.spans);
    const there = { key: this.key, path: side === "old" ? old || path : path, commit, side, line, quote };
    this.#place(known ?? comments.begin(there), true);
  }

  /** What another tab did to comments, by their ids. What is written here stays open. @param {string[]} came @param {string[]} gone */
  showComments(came, gone) {
    for (const id of gone) {
      const row = this.#rowOf(id);
      const number = row?.contains(document.activeElement) && this.#numberOf(row.dataset);
      row?.remove();
      if (number) number.focus();
    }
    if (!this.#lines) return;
    for (const comment of this.#desk.comments.of(this.key, this.#desk.commit)) {
      if (came.includes(comment.id) && !this.#rowOf(comment.id)?.querySelector("textarea")) this.#place(comment, false);
    }
  }

  /** @param {string} id @returns {HTMLElement | null} */
  #rowOf(id) {
    return this.querySelector(`[data-comment="${id}"]`);
  }

  /** The button of a line. @param {{ side?: string, line?: string | number }} place @returns {HTMLElement | null} */
  #numberOf({ side, line }) {
    return this.querySelector(`.d-no button[data-side="${side}"][data-line="${line}"]`);
  }

  /** @param {import("../changes.js").Comment} comment @param {boolean} isOpen */
  #place(comment, isOpen) {
    const { id, side, line } = comment;
    this.#rowOf(id)?.remove();
    const button = this.#numberOf(comment);
    const row = el(button ? "tr" : "div", { "data-comment": id, "data-side": side, "data-line": line });
    const open = side === "new" && this.file.status !== "deleted" ? () => void this.#open(line) : null;
    const box = commentBox(comment, this.#desk.comments, isOpen, () => (row.remove(), button?.focus()), open);
    if (button) {
      row.append(el("td", { colspan: this.#isSplit ? 4 : 3 }, box));
      button.closest("tr")?.after(row);
    } else {
      // Its line is not among those that are shown, or is gone: what was said of it is not.
      row.append(el("p", { class: "d-note", text: t("On line {line}: {quote}", { line, quote: comment.quote.trim() }) }), box);
      this.#body.prepend(row);
    }
  }
}

customElements.define("diff-file", DiffFile);
