/** A file of the workspace, to read, at a line. @import { FileLines } from "../changes.js" */

import { el, icon } from "../dom.js";
import { sizeOf } from "../format.js";
import { counted, t } from "../words.js";
import { textNodes } from "./diff-rows.js";

/** As many lines as the server gives at once. */
const PAGE = 1000;
const ROWS = 250;

export class DiffSource extends HTMLElement {
  /** @type {((asked: { path: string, at: string, start: number }) => Promise<FileLines>) | null} */
  source = null;
  #title = el("h3", { class: "d-path", tabindex: -1 });
  #note = el("p", { class: "d-note", role: "status" });
  #body = el("div", { class: "d-source" });
  #asked = 0;
  #close = () => {};

  connectedCallback() {
    if (this.#body.isConnected) return;
    const back = el("button", { class: "button small", type: "button", onClick: () => this.close() }, icon("back"), t("Back"));
    this.append(el("div", { class: "d-head" }, back, this.#title), this.#note, this.#body);
  }

  close() {
    this.#close();
  }

  /** @param {{ quoted: string, path: string, at: string, line: number, onClose: () => void }} asked */
  async show({ quoted, path, at, line, onClose }) {
    this.#close = onClose;
    this.#title.textContent = path;
    this.#body.replaceChildren();
    this.#title.focus();
    await this.#page(quoted, at, Math.floor((Math.max(line, 1) - 1) / PAGE) * PAGE, line);
  }

  /** @param {string} quoted @param {string} at @param {number} start @param {number} line 0 = none to go to */
  async #page(quoted, at, start, line) {
    const asked = ++this.#asked;
    this.#note.textContent = t("Loading…");
    try {
      const told = await this.source?.({ path: quoted, at, start });
      if (asked === this.#asked && told) this.#draw(told, at, line);
    } catch (error) {
      if (asked !== this.#asked) return;
      this.#note.textContent = t("The file could not be shown: {why}", { why: error instanceof Error ? error.message : String(error) });
    }
  }

  /** @param {FileLines} told @param {string} at @param {number} line */
  #draw({ path, quoted, size, binary, start, count, lines, cut }, at, line) {
    this.#title.textContent = path;
    if (binary) this.#note.textContent = t("A binary file: {sizes}", { sizes: sizeOf(size) });
    else if (count === 0) this.#note.textContent = t("The file is empty.");
    else this.#note.textContent = counted("1 line, {size}", "{count} lines, {size}", count, { size: sizeOf(size) });
    this.style.setProperty("--digits", String(String(start + lines.length).length));
    const tables = [];
    for (let from = 0; from < lines.length; from += ROWS) {
      const rows = lines.slice(from, from + ROWS).map((spans, i) => {
        const number = start + from + i + 1;
        const cells = [el("td", { class: "d-no", text: String(number) }), el("td", { class: "d-code" }, ...textNodes(spans))];
        return el("tr", number === line ? { class: "d-here", "aria-current": "true" } : {}, ...cells);
      });
      const columns = el("colgroup", {}, el("col", { class: "d-no" }), el("col"));
      const table = el("table", { class: "d-table", "aria-label": path }, columns, el("tbody", {}, ...rows));
      tables.push(el("div", { class: "d-rows" }, table));
    }
    const turn = (/** @type {number} */ to, /** @type {string} */ text) =>
      el("button", { class: "button small d-next", type: "button", onClick: () => void this.#page(quoted, at, to, 0), text });
    const before = start > 0 ? turn(Math.max(0, start - PAGE), t("Earlier lines")) : null;
    const after = start + lines.length < count ? turn(start + PAGE, t("Later lines")) : null;
    const end = cut && !after ? el("p", { class: "d-note", text: t("Only the beginning of so large a file is shown.") }) : null;
    this.#body.replaceChildren(...[before, ...tables, after, end].filter((each) => each !== null));
    const here = this.#body.querySelector(".d-here");
    if (here) here.scrollIntoView({ block: "center" });
    else this.scrollTop = 0;
  }
}

customElements.define("diff-source", DiffSource);
