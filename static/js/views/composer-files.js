/**
 * The files that go with the next message: brought by paste, drop or picker, uploaded at once, and each removable. A message need
 * not wait for them here: it takes along what the server does not have yet.
 *
 * @import { Enclosed } from "../outbox.js"
 * @import { Attached } from "../wire.js"
 *
 * @typedef {{ name: string, size: number, chip: HTMLElement, held: string, kept: Attached | null, file: Blob | null, problem: string,
 *   passing: boolean, request: AbortController }} Row
 *   `held` names its contents, `kept` is there once the server has it. `passing`: no answer came, which goes by itself.
 */

import { el, icon, want } from "../dom.js";
import { sizeOf } from "../format.js";
import { Later } from "../later.js";
import { newKey } from "../outbox.js";
import { t } from "../words.js";
import { IMAGES, showImage } from "./kept-image.js";

/** As many as the server takes with one message, and of one file. */
const MAX_FILES = 10;
const MAX_FILE_BYTES = 10 * 1024 * 1024;
/** A larger image may have to be made smaller. */
const MAX_UNCHANGED_BYTES = 3_400_000;
/** Where the page is connected and yet a file has no answer, nobody says when to try again. */
const AGAIN_MS = 5000;

const fitting = new Later(async () => (await import("./fitted-image.js")).fitted);

export class ComposerFiles extends HTMLElement {
  /** @type {Row[]} */
  #rows = [];
  #list = el("ul", { class: "composer-files", "aria-label": t("Files to send"), hidden: true });
  #told = el("p", { class: "composer-told", role: "status" });
  /** Files that are being made smaller. */
  #fitting = 0;

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

  /** What a message takes along. @returns {Enclosed[]} */
  get enclosed() {
    return this.#rows.map(
      ({ kept, name, size, held, file }) => kept ?? { blob: "", name, media_type: file?.type ?? "", size, held },
    );
  }

  /** The name of one that was refused: no message can have it. */
  get refused() {
    return this.#rows.find(({ problem, passing }) => problem && !passing)?.name ?? "";
  }

  /** Whether all that were given are in the list. */
  get isSettled() {
    return this.#fitting === 0;
  }

  /** @param {Iterable<File>} files */
  async add(files) {
    this.#told.textContent = "";
    for (const given of files) {
      const file = given.size > MAX_UNCHANGED_BYTES ? await this.#fit(given) : given;
      if (this.#rows.length >= MAX_FILES) return this.#tell(t("A message takes {count} files at most.", { count: MAX_FILES }));
      if (file.size > MAX_FILE_BYTES) {
        this.#tell(t("{name} is too large: a file may have {size}.", { name: file.name, size: sizeOf(MAX_FILE_BYTES) }));
      } else if (file.size === 0) this.#tell(t("{name} is empty.", { name: file.name }));
      else this.#upload(this.#row(file.name || t("pasted file"), file.size, file, null));
    }
  }

  /** @param {File} file */
  async #fit(file) {
    this.#fitting += 1;
    this.#changed();
    try {
      return await (await fitting.get())(file);
    } catch {
      // What makes it smaller cannot be had now; the server says what it takes it for.
      return file;
    } finally {
      this.#fitting -= 1;
      this.#changed();
    }
  }

  /** Those of a draft, or of a message that was taken back. @param {readonly (Attached & { file?: Blob | null })[]} files */
  restore(files) {
    for (const { file = null, ...kept } of files) {
      if (this.#rows.length >= MAX_FILES) return;
      if (kept.blob) this.#draw(this.#row(kept.name, kept.size, null, kept));
      else if (file) this.#upload(this.#row(kept.name, kept.size, file, null));
      else this.#tell(t("{name} is not here any more: attach it again.", { name: kept.name }));
    }
  }

  /** They are the message's now, also those that are on their way. */
  clear() {
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
    const row = {
      ...{ name, size, chip: el("li", { class: "composer-file" }), held: newKey(), kept, file },
      ...{ problem: "", passing: false, request: new AbortController() },
    };
    this.#rows.push(row);
    this.#list.append(row.chip);
    this.#list.hidden = false;
    return row;
  }

  /** @param {Row} row */
  #upload(row) {
    if (!row.file) return;
    row.problem = "";
    row.passing = false;
    row.request = new AbortController();
    this.#draw(row);
    want(this, {
      kind: "upload",
      held: row.held,
      file: row.file,
      signal: row.request.signal,
      take: (kept, problem, passing) => {
        if (!this.#rows.includes(row)) return;
        row.kept = kept && { ...kept, name: row.name };
        row.problem = problem;
        row.passing = passing;
        this.#draw(row);
        this.#changed();
        if (problem && passing) setTimeout(() => this.#rows.includes(row) && row.passing && this.#upload(row), AGAIN_MS);
      },
    });
    this.#changed();
  }

  /** @param {Row} row */
  #draw(row) {
    const { chip, name, size, kept, file, problem } = row;
    chip.dataset.status = kept ? "ready" : problem ? (row.passing ? "waiting" : "failed") : "uploading";
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
