/** A diff, over the page. */

import { el, icon } from "../dom.js";
import { diffLines } from "./diff-lines.js";

export class DiffPanel extends HTMLElement {
  #title = el("h2", { id: "diff-title" });
  #body = el("div", { class: "sheet-body", tabindex: -1 });
  #dialog = el(
    "dialog",
    { class: "sheet", "aria-labelledby": "diff-title" },
    el(
      "header",
      { class: "sheet-head" },
      this.#title,
      el(
        "button",
        { class: "button quiet", type: "button", "aria-label": "Close", onClick: () => this.#dialog.close() },
        icon("close"),
      ),
    ),
    this.#body,
  );
  /** Of two requests only the later one may be shown. */
  #asked = 0;

  connectedCallback() {
    // A press on the dialog itself, and not on what is in it, is one on the backdrop.
    this.#dialog.addEventListener("click", (event) => event.target === this.#dialog && this.#dialog.close());
    this.append(this.#dialog);
  }

  /** @param {string} title @param {Promise<string>} diff */
  async show(title, diff) {
    const asked = ++this.#asked;
    this.#title.textContent = title;
    this.#body.replaceChildren(el("p", { class: "quiet", text: "Loading…" }));
    this.#dialog.showModal();
    let content;
    try {
      const text = await diff;
      content = text.trim() ? diffLines(text) : el("p", { class: "quiet", text: "Nothing has changed yet." });
    } catch (error) {
      content = el("p", {
        class: "problem",
        text: `The diff could not be fetched: ${error instanceof Error ? error.message : error}`,
      });
    }
    if (asked === this.#asked) this.#body.replaceChildren(content);
  }
}

customElements.define("diff-panel", DiffPanel);
