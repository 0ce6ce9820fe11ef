/** The keys of the page, for who presses `?`. */

import { el } from "../dom.js";
import { SHORTCUTS } from "../shortcuts.js";
import { t } from "../words.js";
import { dialogHead } from "./dialog-head.js";

export class ShortcutsDialog extends HTMLElement {
  #dialog = el(
    "dialog",
    { class: "dialog", "aria-labelledby": "shortcuts-title" },
    dialogHead("dialog-head", "shortcuts-title", t("Keyboard shortcuts"), () => this.#dialog.close()),
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
