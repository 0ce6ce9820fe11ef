/**
 * All that changed, or one commit: the list of files, and each file's lines. Loaded when the panel is first opened.
 *
 * @import { ChangedFile, ChangedLines, Changes, FileLines } from "../changes.js"
 * @import { Comments } from "../comments.js"
 * @import { Desk, LinesAsked } from "./diff-file.js"
 *
 * @typedef {{
 *   changes: (commit: string) => Promise<Changes>, lines: (asked: LinesAsked) => Promise<ChangedLines>,
 *   file: (asked: { path: string, at: string, start: number }) => Promise<FileLines>, diff: (commit: string) => Promise<string>,
 * }} Source
 * @typedef {{ isSplit: boolean, isFlat: boolean, ignoreSpace: boolean }} Choices
 */

import { ApiError } from "../api.js";
import { filesOf, keyOf, treeOf } from "../changes.js";
import { el, say, want } from "../dom.js";
import { number } from "../format.js";
import { counted, t } from "../words.js";
import { CommentBar } from "./diff-comments.js";
import { DiffFile } from "./diff-file.js";
import { diffLines } from "./diff-lines.js";
import { DiffList } from "./diff-list.js";
import { keepPlace } from "./diff-place.js";
import { DiffQueue } from "./diff-queue.js";
import { DiffSource } from "./diff-source.js";

/** Side by side, a line needs room for forty characters twice. */
const WIDE = "(min-width: 64rem)";
/** Of a commit's hash, as everywhere on the page. */
const HASH_CHARS = 8;
/** A file of which less is in view has been read. */
const READ_PX = 24;

export class DiffView extends HTMLElement {
  /** @param {Source} source @param {Comments} comments @param {Choices} choices @param {() => void} close */
  constructor(source, comments, choices, close) {
    super();
    this.#source = source;
    this.#choices = choices;
    this.#close = close;
    this.#comments = comments;
    this.#split = this.#toggle(t("Side by side"), "isSplit");
    this.#space = this.#toggle(t("Ignore white space"), "ignoreSpace");
    this.#flat = this.#toggle(t("Flat list"), "isFlat");
    this.#box = el("details", { class: "d-listing", open: true }, el("summary", { text: t("Files") }), this.#flat, this.#list);
  }

  #source;
  #choices;
  #close;
  #comments;
  #commit = "";
  #title = "";
  /** @type {Changes | null} */
  #changes = null;
  #asked = 0;
  #refreshing = false;
  #again = false;
  /** @type {Map<string, DiffFile>} */
  #files = new Map();
  #queue = new DiffQueue();
  #wide = matchMedia(WIDE);

  #scope = el("select", { "aria-label": t("What is shown"), onChange: () => this.#choose() });
  #summary = el("span", { class: "d-summary", role: "status" });
  #split;
  #space;
  #flat;
  #list = new DiffList();
  #box;
  #stack = el("div", { class: "d-stack" });
  #main = el("div", { class: "d-main" }, this.#stack);
  #reader = new DiffSource();
  #bar = new CommentBar();
  #inView = new IntersectionObserver((entries) => this.#look(entries), { root: this.#main, rootMargin: "400px 0px" });
  /** The file that was chosen in the list, until the reader goes elsewhere: the last ones cannot come to the top. */
  #chosen = "";
  #marking = false;

  connectedCallback() {
    if (this.#main.isConnected) return;
    this.#reader.source = this.#source.file;
    this.#reader.hidden = true;
    this.#bar.comments = this.#comments;
    this.#bar.onTaken = this.#close;
    this.#comments.addEventListener("changed", () => this.#bar.show());
    this.#comments.addEventListener("emptied", () => this.#redraw());
    this.#comments.addEventListener("elsewhere", (event) => {
      const { came, gone } = /** @type {CustomEvent<{ came: string[], gone: string[] }>} */ (event).detail;
      for (const view of this.#files.values()) view.showComments(came, gone);
    });
    for (const moving of ["wheel", "touchmove", "pointerdown", "keydown"]) {
      this.#main.addEventListener(moving, () => this.#leave(), { passive: true });
    }
    this.#main.addEventListener("scroll", () => this.#markLater(), { passive: true });
    this.#wide.addEventListener("change", () => this.#redraw());
    this.#box.open = matchMedia("(min-width: 56rem)").matches;
    const tools = el("div", { class: "d-tools" }, this.#scope, this.#summary, this.#split, this.#space);
    this.append(tools, el("div", { class: "d-columns" }, this.#box, this.#main), this.#reader, this.#bar);
  }

  /** @param {string} commit empty = all @param {string} title what the commit is called */
  async open(commit, title) {
    this.#comments.look();
    this.#leaveFile();
    if (this.#changes && commit === this.#commit) return this.refresh();
    this.#commit = commit;
    this.#title = title;
    this.#changes = null;
    this.#files.clear();
    this.#queue.clear();
    this.#summary.textContent = "";
    this.#list.replaceChildren();
    this.#stack.replaceChildren(el("p", { class: "quiet", text: t("Loading…") }));
    this.#drawScope();
    await this.refresh();
  }

  /** @param {string} path percent-encoded @param {string} name @param {number} line @param {string} at a commit */
  async openFile(path, name, line, at = "") {
    const back = document.activeElement;
    this.#reader.hidden = false;
    this.classList.add("reading");
    const onClose = () => {
      this.#leaveFile();
      if (back instanceof HTMLElement) back.focus();
    };
    await this.#reader.show({ quoted: path, path: name, at, line, onClose });
  }

  /** Look again at what changed, without losing the reader's place. One look at a time. */
  async refresh() {
    this.#again = this.#refreshing;
    if (this.#refreshing) return;
    this.#refreshing = true;
    const asked = ++this.#asked;
    try {
      const changes = await this.#source.changes(this.#commit);
      if (asked === this.#asked) await this.#keepPlace(() => this.#take(changes));
    } catch (error) {
      if (asked !== this.#asked) return;
      if (error instanceof ApiError && error.status === 404 && !this.#changes) return await this.#showText();
      const why = error instanceof Error ? error.message : String(error);
      const words = t("The changes could not be fetched: {why}", { why });
      if (this.#changes) say(this.#summary, words);
      else {
        const again = el("button", { class: "button small", type: "button", onClick: () => void this.refresh(), text: t("Try again") });
        this.#stack.replaceChildren(el("p", { class: "problem", text: words }), again);
      }
    } finally {
      this.#refreshing = false;
      if (this.#again) void this.refresh();
    }
  }

  /** An agent that shows no files may tell of changes all the same. */
  async #showText() {
    const text = await this.#source.diff(this.#commit);
    this.#stack.replaceChildren(text.trim() ? diffLines(text) : el("p", { class: "quiet", text: t("Nothing has changed yet.") }));
  }

  /** @param {Changes} changes */
  async #take(changes) {
    this.#changes = changes;
    const { more } = changes;
    const files = filesOf(treeOf(changes.files));
    this.#drawScope();
    const words = counted("1 file", "{count} files", files.length + more);
    say(this.#summary, `${words}, +${number(changes.added)} −${number(changes.removed)}`);
    this.#showList(files);
    /** @type {Desk} */
    const desk = this.#desk();
    const before = this.#files;
    this.#files = new Map(files.map((file) => [keyOf(file), before.get(keyOf(file)) ?? new DiffFile(file, desk)]));
    for (const [key, view] of before) if (this.#files.get(key) !== view) this.#forget(view);
    for (const each of [...this.#stack.children]) if (!(each instanceof DiffFile)) each.remove();
    /** @type {DiffFile | null} */
    let last = null;
    for (const view of this.#files.values()) {
      /** @type {ChildNode | null} */
      const next = last ? last.nextSibling : this.#stack.firstChild;
      if (next !== view) this.#stack.insertBefore(view, next);
      if (!before.has(view.key)) {
        this.#inView.observe(view);
      }
      last = view;
    }
    if (files.length === 0) this.#stack.append(el("p", { class: "quiet", text: t("Nothing has changed yet.") }));
    if (more > 0) {
      const text = counted("1 more file changed, and is not listed.", "{count} more files changed; they are too many to be listed.", more);
      this.#stack.append(el("p", { class: "d-note", text }));
    }
    await Promise.all(files.map((file) => this.#files.get(keyOf(file))?.update(file)));
    this.#mark();
  }

  /** Where a file is read, back to what changed; otherwise there is nothing to go back from. @returns {boolean} whether it was */
  back() {
    if (this.#reader.hidden) return false;
    this.#reader.close();
    return true;
  }

  /** @param {DiffFile} view */
  #forget(view) {
    this.#inView.unobserve(view);
    this.#queue.drop(view);
    view.remove();
  }

  /** @returns {Desk} */
  #desk() {
    const view = this;
    return {
      commit: this.#commit,
      comments: this.#comments,
      get isSplit() {
        return view.#choices.isSplit && view.#wide.matches;
      },
      get ignoreSpace() {
        return view.#choices.ignoreSpace;
      },
      lines: this.#source.lines,
      open: (file, line) => void this.openFile(file.quoted, file.path, line, this.#commit),
      draw: (file) => void keepPlace(this.#main, [...this.#files.values()], async () => file.draw()),
    };
  }

  #drawScope() {
    const commits = this.#changes?.commits ?? [];
    const known = commits.some(({ hash }) => hash === this.#commit) || !this.#commit;
    const all = known ? commits : [{ hash: this.#commit, subject: this.#title }, ...commits];
    const options = all.map(({ hash, subject }) => el("option", { value: hash, text: `${hash.slice(0, HASH_CHARS)} ${subject}` }));
    this.#scope.replaceChildren(el("option", { value: "", text: t("All changes") }), ...options);
    this.#scope.value = this.#commit;
  }

  #choose() {
    const { value, selectedOptions } = this.#scope;
    void this.open(value, selectedOptions[0]?.textContent?.slice(HASH_CHARS + 1) ?? "");
  }

  /** @param {string} text @param {keyof Choices} name */
  #toggle(text, name) {
    const pressed = String(this.#choices[name]);
    const button = el("button", { class: `button small d-${name}`, type: "button", "aria-pressed": pressed, text });
    button.addEventListener("click", () => {
      this.#choices = { ...this.#choices, [name]: !this.#choices[name] };
      button.setAttribute("aria-pressed", String(this.#choices[name]));
      want(this, { kind: "diff-choices", choices: this.#choices });
      if (name === "isFlat") this.#showList([...this.#files.values()].map(({ file }) => file));
      else if (name === "isSplit") this.#redraw();
      else this.#reload();
    });
    return button;
  }

  /** @param {ChangedFile[]} files */
  #showList(files) {
    this.#list.show(files, this.#choices.isFlat, (key) => this.#jump(key));
    this.#mark();
  }

  #redraw() {
    void this.#keepPlace(async () => {
      for (const view of this.#files.values()) view.draw();
    });
  }

  #reload() {
    for (const view of this.#files.values()) {
      view.reset();
      // Who comes into view is told again.
      this.#inView.unobserve(view);
      this.#inView.observe(view);
    }
  }

  /** @param {string} key */
  #jump(key) {
    const view = this.#files.get(key);
    if (!view) return;
    if (!matchMedia("(min-width: 56rem)").matches) this.#box.open = false;
    this.#queue.jump(view);
    view.querySelector("button")?.focus({ preventScroll: true });
    this.#chosen = key;
    this.#mark();
  }

  #leaveFile() {
    this.#reader.hidden = true;
    this.classList.remove("reading");
  }

  /** @param {IntersectionObserverEntry[]} entries */
  #look(entries) {
    /** @type {Map<DiffFile, boolean>} */
    const seen = new Map();
    for (const { target, isIntersecting } of entries) if (target instanceof DiffFile) seen.set(target, isIntersecting);
    this.#queue.look(seen);
  }

  /** The reader goes elsewhere. */
  #leave() {
    this.#queue.unpin();
    this.#chosen = "";
  }

  #markLater() {
    if (this.#marking) return;
    this.#marking = true;
    requestAnimationFrame(() => {
      this.#marking = false;
      this.#mark();
    });
  }

  /** In the list, the file that is read: the first that is in view with more than its end. */
  #mark() {
    const edge = this.#main.getBoundingClientRect().top + READ_PX;
    const top = [...this.#files.values()].find((each) => each.isConnected && each.getBoundingClientRect().bottom > edge);
    const key = this.#files.has(this.#chosen) ? this.#chosen : top?.key;
    if (key) this.#list.mark(key);
  }

  /** What is at the top of the view stays there while `change` is made. @param {() => Promise<void>} change */
  async #keepPlace(change) {
    this.#queue.unpin();
    await keepPlace(this.#main, [...this.#files.values()], change);
  }
}

customElements.define("diff-view", DiffView);
