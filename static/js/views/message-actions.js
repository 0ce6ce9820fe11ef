/** What can be done with one message: go on from it in another session, or give others the way to it. */

import { el, icon, want } from "../dom.js";
import { t } from "../words.js";

export class MessageActions extends HTMLElement {
  #idx = -1;

  connectedCallback() {
    if (this.childElementCount > 0) return;
    this.append(this.#button("fork", t("Fork from here"), () => want(this, { kind: "fork", idx: this.#idx })));
    // Browsers have a clipboard on https and localhost only.
    if (navigator.clipboard) {
      this.append(this.#button("link", t("Copy the link to this message"), () => want(this, { kind: "link", idx: this.#idx })));
    }
  }

  /** @param {number} idx */
  show(idx) {
    this.#idx = idx;
  }

  /** @param {string} shape @param {string} words @param {() => void} onClick */
  #button(shape, words, onClick) {
    return el("button", { class: "button quiet small", type: "button", "aria-label": words, title: words, onClick }, icon(shape));
  }
}

customElements.define("message-actions", MessageActions);
