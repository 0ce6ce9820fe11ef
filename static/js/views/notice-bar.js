/** One sentence about something that failed, until it is dismissed or there is another. */

import { el, icon, say, want } from "../dom.js";
import { t } from "../words.js";

export class NoticeBar extends HTMLElement {
  #words = el("span", { role: "alert" });

  connectedCallback() {
    const close = el("button", { class: "button quiet small", type: "button", "aria-label": t("Dismiss") }, icon("close"));
    close.addEventListener("click", () => want(this, { kind: "dismiss" }));
    this.append(this.#words, close);
  }

  /** @param {string} notice empty = nothing failed */
  show(notice) {
    this.hidden = notice === "";
    say(this.#words, notice);
  }
}

customElements.define("notice-bar", NoticeBar);
