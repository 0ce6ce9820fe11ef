/**
 * What changed, over the page. What it takes is loaded when it is first opened.
 *
 * @import { Comments } from "../comments.js"
 * @import { Snapshot } from "../store.js"
 * @import { Choices, DiffView, Source } from "./diff-view.js"
 *
 * @typedef {{ comments: Comments, choices: () => Partial<Choices> | null }} Kept  of earlier visits
 */

import { el } from "../dom.js";
import { Later } from "../later.js";
import { countOf } from "../reducer.js";
import { t } from "../words.js";
import { dialogHead } from "./dialog-head.js";

/** @type {Choices} */
const CHOICES = { isSplit: true, isFlat: false, ignoreSpace: false };

const loading = new Later(async () => (await import("./diff-view.js")).DiffView, false);

export class DiffPanel extends HTMLElement {
  /** @type {(Source & Kept) | null} Set before the first `open`. */
  source = null;
  #body = el("div", { class: "sheet-body", tabindex: -1 });
  #dialog = el(
    "dialog",
    { class: "sheet changes", "aria-labelledby": "diff-title" },
    dialogHead("sheet-head", "diff-title", t("Changes"), () => this.#dialog.close()),
    this.#body,
  );
  /** @type {DiffView | null} */
  #view = null;
  /** Of two requests only the later one may be shown. */
  #asked = 0;
  /** What could not be shown, for want of the view: to be tried again. @type {(() => void) | null} */
  #again = null;
  #isConnected = false;
  /** How far the log was looked through for what may have changed files. */
  #seen = { generation: 0, count: 0 };

  connectedCallback() {
    // A press on the dialog itself, and not on what is in it, is one on the backdrop.
    this.#dialog.addEventListener("click", (event) => event.target === this.#dialog && this.#dialog.close());
    // By its key, and by a phone's own way back.
    this.#dialog.addEventListener("keydown", (event) => event.key === "Escape" && this.#goBack(event));
    this.#dialog.addEventListener("cancel", (event) => this.#goBack(event));
    this.append(this.#dialog);
  }

  /** @param {string} commit empty = all since the start @param {string} title */
  open(commit, title) {
    return this.#show((view) => view.open(commit, title));
  }

  /** @param {string} path of the workspace @param {number} line */
  openFile(path, line) {
    const quoted = path.split("/").map(encodeURIComponent).join("/");
    return this.#show(async (view) => {
      await Promise.all([view.open("", ""), view.openFile(quoted, path, line)]);
    });
  }

  /** @param {Snapshot} snapshot */
  show({ log, connection }) {
    const isBack = connection.status === "connected" && !this.#isConnected;
    this.#isConnected = connection.status === "connected";
    if (isBack && this.#dialog.open) this.#again?.();
    const { base, generation, messages } = log;
    const from = generation === this.#seen.generation ? this.#seen.count : 0;
    const count = countOf(log);
    if (from === count) return;
    this.#seen = { generation, count };
    if (!this.#dialog.open || !this.#view) return;
    // Files are changed by tools, and by nothing else that a log tells of.
    if (messages.slice(Math.max(0, from - base)).some(({ type }) => type === "tool" || type === "commit")) void this.#view.refresh();
  }

  /** @param {(view: DiffView) => Promise<void>} how */
  async #show(how) {
    const asked = ++this.#asked;
    this.#again = null;
    if (!this.#dialog.open) this.#dialog.showModal();
    if (!this.#view) this.#body.replaceChildren(el("p", { class: "quiet", text: t("Loading…") }));
    try {
      const { source } = this;
      if (!source) throw new Error("the panel has no source");
      const DiffView = await loading.get();
      if (asked !== this.#asked) return;
      this.#view ??= new DiffView(source, source.comments, { ...CHOICES, ...source.choices() }, () => this.#dialog.close());
      if (!this.#view.isConnected) this.#body.replaceChildren(this.#view);
      await how(this.#view);
    } catch (error) {
      if (asked !== this.#asked) return;
      this.#again = () => void this.#show(how);
      this.#say(error, this.#again);
    }
  }

  /** Out of a file first, and only then out of the changes. @param {Event} event */
  #goBack(event) {
    if (event.target instanceof HTMLSelectElement || event.defaultPrevented || !this.#view?.back()) return;
    event.preventDefault();
  }

  /** @param {unknown} error @param {() => void} onAgain */
  #say(error, onAgain) {
    const why = error instanceof Error ? error.message : String(error);
    const words = el("p", { class: "problem", role: "alert", text: t("The changes could not be fetched: {why}", { why }) });
    const again = el("button", { class: "button small", type: "button", onClick: onAgain, text: t("Try again") });
    this.#body.replaceChildren(el("div", { class: "d-away" }, words, again));
  }
}

customElements.define("diff-panel", DiffPanel);
