/**
 * The files that go with the next message: brought by paste, drop or picker, uploaded at once, and each removable.
 *
 * @import { Attached } from "../wire.js"
 *
 * @typedef {{ name: string, size: number, chip: HTMLElement, kept: Attached | null, file: Blob | null, problem: string,
 *   passing: boolean, request: AbortController }} Row
 *   `kept` once the server has it. `passing`: what went wrong may go by itself, when the connection is back.
 */

import { el, icon, want } from "../dom.js";
import { sizeOf } from "../format.js";
import { t } from "../words.js";
import { IMAGES, showImage } from "./kept-image.js";

/** As many as the server takes with one message, and of one file. */
const MAX_FILES = 10;
const MAX_FILE_BYTES = 10 * 1024 * 1024;
/** A larger image may have to be made smaller. */
const MAX_UNCHANGED_BYTES = 3_400_000;

export class ComposerFiles extends HTMLElement {
  /** @type {Row[]} */
  #rows = [];
  #list = el("ul", { class: "composer-files", "aria-label": t("Files to send"), hidden: true });
  #told = el("p", { class: "composer-told", role: "status" });

  connectedCallback() {
    this.append(this.#list, this.#told);
  }

  /** Those that the server has. @returns {Attached[]} */
  get files() {
    return this.#rows.flatMap(({ kept }) => (kept ? [kept] : []));
  }

  get isEmpty() {
    return this.#rows.length === 0;
  }

  /** Whether all are there; only then a message can name them. */
  get isReady() {
    return this.#rows.every(({ kept }) => kept !== null);
  }

  /** @param {Iterable<File>} files */
  async add(files) {
    this.#told.textContent = "";
    for (const given of files) {
      const file = given.size > MAX_UNCHANGED_BYTES ? await (await import("./fitted-image.js")).fitted(given) : given;
      if (this.#rows.length >= MAX_FILES) return this.#tell(t("A message takes {count} files at most.", { count: MAX_FILES }));
      if (file.size > MAX_FILE_BYTES) {
        this.#tell(t("{name} is too large: a file may have {size}.", { name: file.name, size: sizeOf(MAX_FILE_BYTES) }));
      } else if (file.size === 0) this.#tell(t("{name} is empty.", { name: file.name }));
      else this.#upload(this.#row(file.name || t("pasted file"), file.size, file, null));
    }
  }

  /** Those of a draft, or of a message that was taken back. @param {readonly Attached[]} files */
  restore(files) {
    for (const kept of files) if (this.#rows.length < MAX_FILES) this.#draw(this.#row(kept.name, kept.size, null, kept));
  }

  clear() {
    for (const row of this.#rows) row.request.abort();
    this.#rows = [];
    this.#list.replaceChildren();
    this.#list.hidden = true;
    this.#told.textContent = "";
  }

  /** What failed for want of a connection is tried again. */
  retry() {
    for (const row of this.#rows) if (row.problem && row.passing) this.#upload(row);
  }

  /** @param {string} name @param {number} size @param {Blob | null} file @param {Attached | null} kept */
  #row(name, size, file, kept) {
    /** @type {Row} */
    const row = { name, size, chip: el("li", { class: "composer-file" }), kept, file, problem: "", passing: false, request: new AbortController() };
    this.#rows.push(row);
    this.#list.append(row.chip);
    this.#list.hidden = false;
    return row;
  }

  /** @param {Row} row */
  #upload(row) {
    if (!row.file) return;
    row.problem = "";
    row.request = new AbortController();
    this.#draw(row);
    want(this, {
      kind: "upload",
      file: row.file,
      signal: row.request.signal,
      take: (kept, problem, passing) => {
        row.kept = kept && { ...kept, name: row.name };
        row.problem = problem;
        row.passing = passing;
        this.#draw(row);
        this.#changed();
      },
    });
    this.#changed();
  }

  /** @param {Row} row */
  #draw(row) {
    const { chip, name, size, kept, file, problem } = row;
    chip.dataset.status = kept ? "ready" : problem ? "failed" : "uploading";
    const note = kept ? sizeOf(size) : problem || t("Uploading…");
    const again = el("button", { class: "button small", type: "button", text: t("Try again"), onClick: () => this.#upload(row) });
    const remove = el(
      "button",
      { class: "file-remove", type: "button", "aria-label": t("Remove {name}", { name }), title: t("Remove {name}", { name }) },
      icon("close"),
    );
    remove.addEventListener("click", () => this.#remove(row));
    const known = chip.querySelector("img");
    const picture = known ?? (file && IMAGES.has(file.type) ? el("img", { class: "file-thumb", alt: "" }) : icon("file"));
    if (!known && picture instanceof HTMLImageElement && file) showImage(picture, file, file.type);
    const words = el("span", { class: "file-words" }, el("span", { class: "file-name", text: name, title: name }), el("span", { class: "file-size", text: note }));
    chip.replaceChildren(picture, words, problem ? again : "", remove);
  }

  /** @param {Row} row */
  #remove(row) {
    row.request.abort();
    this.#rows = this.#rows.filter((each) => each !== row);
    row.chip.remove();
    this.#list.hidden = this.isEmpty;
    this.#changed();
    this.dispatchEvent(new CustomEvent("removed"));
  }

  /** @param {string} words */
  #tell(words) {
    this.#told.textContent = [this.#told.textContent, words].filter(Boolean).join(" ");
  }

  #changed() {
    this.dispatchEvent(new CustomEvent("changed"));
  }
}

customElements.define("composer-files", ComposerFiles);
