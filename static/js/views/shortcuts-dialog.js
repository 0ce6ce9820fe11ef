/** The keys of the page, for who presses `?`. */

import { el, icon } from "../dom.js";
import { SHORTCUTS } from "../shortcuts.js";
import { t } from "../words.js";

export class ShortcutsDialog extends HTMLElement {
  #dialog = el(
    "dialog",
    { class: "dialog", "aria-labelledby": "shortcuts-title" },
    el(
      "div",
      { class: "dialog-head" },
      el("h2", { id: "shortcuts-title", text: t("Keyboard shortcuts") }),
      el(
        "button",
        { class: "button quiet", type: "button", "aria-label": t("Close"), onClick: () => this.#dialog.close() },
        icon("close"),
      ),
    ),
  );

  connectedCallback() {
    this.#dialog.addEventListener("click", (event) => event.target === this.#dialog && this.#dialog.close());
    const rows = SHORTCUTS.flatMap(({ keys, what }) => [
      el("dt", {}, ...keys.map((key) => el("kbd", { text: t(key) }))),
      el("dd", { text: t(what) }),
    ]);
    this.#dialog.append(el("dl", { class: "shortcuts" }, ...rows));
    this.append(this.#dialog);
  }

  open() {
    if (!this.#dialog.open) this.#dialog.showModal();
  }
}

customElements.define("shortcuts-dialog", ShortcutsDialog);
