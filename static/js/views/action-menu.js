/**
 * A menu beside the button that opened it. One for the whole page: what a menu belongs to may be drawn anew while it is open.
 *
 * Source of the roles and keys: WAI-ARIA Authoring Practices, "Menu Button".
 *
 * @typedef {{ shape: string, words: string, does: (menu: ActionMenu) => void, danger?: boolean }} Action
 *   `does` is given the menu, from which a wish reaches the page whatever became of the opener.
 */

import { el, icon } from "../dom.js";
import { t } from "../words.js";

const GAP_PX = 4;

export class ActionMenu extends HTMLElement {
  #list = el("div", { class: "menu", role: "menu", popover: "auto" });
  /** @type {HTMLElement | null} */
  #opener = null;

  /** The page's own. */
  static get shared() {
    const there = document.querySelector("action-menu");
    if (there instanceof ActionMenu) return there;
    const made = new ActionMenu();
    document.body.append(made);
    return made;
  }

  connectedCallback() {
    if (this.childElementCount > 0) return;
    this.#list.setAttribute("aria-label", t("Actions"));
    this.#list.addEventListener("keydown", (event) => this.#pressed(event));
    this.#list.addEventListener("toggle", (event) => {
      if (/** @type {ToggleEvent} */ (event).newState === "closed") this.#opener?.removeAttribute("aria-expanded");
    });
    this.append(this.#list);
  }

  /** @param {HTMLElement} at @param {Action[]} actions */
  open(at, actions) {
    this.#opener = at;
    // A drawer closes when something opens that is not within it.
    const home = at.closest("[popover]") ?? at.closest("main") ?? document.body;
    if (this.parentElement !== home) home.append(this);
    this.#list.replaceChildren(...actions.map((each) => this.#item(each)));
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

  /** @param {Action} action */
  #item({ shape, words, does, danger = false }) {
    const pressed = () => {
      this.#list.hidePopover();
      this.#opener?.focus();
      does(this);
    };
    const kind = `menu-item ${danger ? "danger" : ""}`;
    return el("button", { class: kind, type: "button", role: "menuitem", tabindex: -1, onClick: pressed }, icon(shape), words);
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

customElements.define("action-menu", ActionMenu);
