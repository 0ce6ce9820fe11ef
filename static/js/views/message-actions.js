/**
 * What can be done with one message: look at the page as it was then, go on from there in another session, give others the way
 * to it.
 */

import { el, icon, want } from "../dom.js";
import { Later } from "../later.js";
import { t } from "../words.js";

const menu = new Later(async () => (await import("./action-menu.js")).ActionMenu);

export class MessageActions extends HTMLElement {
  #idx = -1;
  #more = el(
    "button",
    { class: "button quiet small", type: "button", "aria-haspopup": "menu", onClick: () => this.#open() },
    icon("more"),
  );

  connectedCallback() {
    this.append(this.#more);
  }

  /** @param {number} idx */
  show(idx) {
    this.#idx = idx;
    this.#more.setAttribute("aria-label", t("Actions for message {number}", { number: idx + 1 }));
  }

  #open() {
    const idx = this.#idx;
    /** @type {import("./action-menu.js").Action[]} */
    const actions = [
      { shape: "fork", words: t("Fork from here"), does: (menu) => want(menu, { kind: "fork", idx }) },
      { shape: "clock", words: t("Show the page as it was here"), does: (menu) => want(menu, { kind: "travel", idx }) },
    ];
    // Browsers have a clipboard on https and localhost only.
    if (navigator.clipboard) {
      actions.push({ shape: "link", words: t("Copy the link to this message"), does: (menu) => want(menu, { kind: "link", idx }) });
    }
    menu.use((ActionMenu) => ActionMenu.shared.open(this.#more, actions));
  }
}

customElements.define("message-actions", MessageActions);
