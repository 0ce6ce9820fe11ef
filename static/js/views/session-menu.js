/**
 * What can be done with a session of the list: a menu beside its row, and the questions that follow.
 *
 * Source of the keys: WAI-ARIA Authoring Practices, "Menu Button".
 *
 * @import { SessionSummary } from "../wire.js"
 */

import { el, icon, want } from "../dom.js";
import { t } from "../words.js";
import { SessionDialog } from "./session-dialog.js";

const GAP_PX = 4;

export class SessionMenu extends HTMLElement {
  #dialog = new SessionDialog();
  #list = el("div", { class: "menu", role: "menu", popover: "auto", "aria-label": t("Actions") });
  /** @type {HTMLElement | null} */
  #opener = null;

  connectedCallback() {
    this.#list.addEventListener("keydown", (event) => this.#pressed(event));
    this.#list.addEventListener("toggle", (event) => {
      if (/** @type {ToggleEvent} */ (event).newState === "closed") this.#opener?.removeAttribute("aria-expanded");
    });
    this.append(this.#list, this.#dialog);
  }

  /** @param {HTMLElement} at @param {SessionSummary} session */
  open(at, session) {
    this.#opener = at;
    const { session_id: sessionId, archived } = session;
    this.#list.replaceChildren(
      this.#item("edit", t("Rename…"), () => this.#dialog.rename(session)),
      this.#item("archive", archived ? t("Take out of the archive") : t("Archive"), () =>
        want(this, {
          kind: "change-session",
          sessionId,
          change: { archived: !archived },
          done: (problem) => problem && this.#dialog.tell(session, problem),
        }),
      ),
      this.#item("delete", t("Delete…"), () => this.#dialog.delete(session), "danger"),
    );
    this.#list.showPopover();
    this.#stand(at);
    at.setAttribute("aria-expanded", "true");
    this.#items[0]?.focus();
  }

  /** Below the button, within the window. @param {HTMLElement} at */
  #stand(at) {
    const from = at.getBoundingClientRect();
    const { width, height } = this.#list.getBoundingClientRect();
    const left = Math.max(GAP_PX, Math.min(from.right - width, innerWidth - width - GAP_PX));
    const below = from.bottom + GAP_PX;
    const top = below + height <= innerHeight ? below : Math.max(GAP_PX, from.top - height - GAP_PX);
    this.#list.style.left = `${left}px`;
    this.#list.style.top = `${top}px`;
  }

  get #items() {
    return [...this.#list.querySelectorAll("button")];
  }

  /** @param {string} shape @param {string} words @param {() => void} does @param {string} kind */
  #item(shape, words, does, kind = "") {
    const pressed = () => {
      this.#list.hidePopover();
      this.#opener?.focus();
      does();
    };
    return el("button", { class: `menu-item ${kind}`, type: "button", role: "menuitem", tabindex: -1, onClick: pressed }, icon(shape), words);
  }

  /** @param {KeyboardEvent} event */
  #pressed(event) {
    const items = this.#items;
    const at = items.findIndex((each) => each === document.activeElement);
    const to = { ArrowDown: at + 1, ArrowUp: at - 1, Home: 0, End: -1 }[event.key];
    if (event.key === "Tab") this.#list.hidePopover();
    if (to === undefined) return;
    event.preventDefault();
    items.at(to % items.length)?.focus();
  }
}

customElements.define("session-menu", SessionMenu);
