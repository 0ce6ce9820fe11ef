/**
 * The tabs of the terminals, each with a button that closes it.
 *
 * Source of roles and keys: WAI-ARIA Authoring Practices, Tabs. In a list of tabs may be nothing else, so the buttons stand
 * beside it for readers of screens: the list owns its tabs by their ids. The keyboard closes by Delete.
 */

import { el, icon, say } from "../dom.js";
import { t } from "../words.js";

/** @typedef {{ exitStatus: number | null, isEnding: boolean }} Mark */
/** @typedef {{ item: HTMLElement, tab: HTMLElement, end: HTMLElement, close: HTMLElement }} Tab */

/** @param {number} number */
export const tabIdOf = (number) => `terminal-tab-${number}`;
/** @param {number} number */
export const panelIdOf = (number) => `terminal-${number}`;

export class TerminalTabs extends HTMLElement {
  /** @type {(number: number, isFocused: boolean) => void} `isFocused`: the terminal is wanted, not only to be seen */
  onSelect = () => undefined;
  /** @type {(number: number) => void} */
  onClose = () => undefined;
  #list = el("div", { role: "tablist", "aria-label": t("Terminals") });
  /** @type {Map<number, Tab>} */
  #tabs = new Map();
  #selected = 0;

  connectedCallback() {
    if (!this.#list.isConnected) this.append(this.#list);
    this.addEventListener("keydown", (event) => this.#key(event));
    new ResizeObserver(() => this.#reveal()).observe(this);
  }

  get numbers() {
    return [...this.#tabs.keys()].sort((a, b) => a - b);
  }

  /** @param {number} number */
  add(number) {
    const onClick = () => this.onSelect(number, true);
    const end = el("span", { class: "terminal-end" });
    const tab = el(
      "button",
      { class: "terminal-tab", type: "button", role: "tab", id: tabIdOf(number), "aria-controls": panelIdOf(number), "aria-keyshortcuts": "Delete", onClick },
      `${number} `,
      end,
    );
    const name = t("Close terminal {number}", { number });
    const close = el(
      "button",
      { class: "terminal-close", type: "button", tabindex: -1, "aria-label": name, title: name, onClick: () => this.onClose(number) },
      icon("close"),
    );
    const item = el("span", { class: "terminal-item", onAuxclick: (/** @type {MouseEvent} */ event) => event.button === 1 && this.onClose(number) }, tab, close);
    // Else a middle click begins to scroll.
    item.addEventListener("mousedown", (event) => event.button === 1 && event.preventDefault());
    const next = this.numbers.find((each) => each > number);
    this.insertBefore(item, this.#tabs.get(next ?? 0)?.item ?? null);
    this.#tabs.set(number, { item, tab, end, close });
    this.#own();
    this.mark(number, { exitStatus: null, isEnding: false });
  }

  /** Take the tab of a terminal away. @param {number} number */
  drop(number) {
    this.#tabs.get(number)?.item.remove();
    this.#tabs.delete(number);
    this.#own();
  }

  /** @param {number} number */
  select(number) {
    this.#selected = number;
    for (const [each, { tab }] of this.#tabs) {
      tab.setAttribute("aria-selected", String(each === number));
      tab.tabIndex = each === number ? 0 : -1;
    }
    this.#reveal();
  }

  /** Say what has become of a terminal. @param {number} number @param {Mark} mark */
  mark(number, { exitStatus, isEnding }) {
    const each = this.#tabs.get(number);
    if (!each) return;
    // What is read out holds what is seen: who speaks to the page says that.
    const ended = exitStatus === null ? "" : t("exit {status}", { status: exitStatus });
    say(each.end, isEnding ? "…" : ended);
    const name = exitStatus === null ? t("Terminal {number}", { number }) : t("Terminal {number} exit {status}", { number, status: exitStatus });
    each.tab.setAttribute("aria-label", isEnding ? t("Terminal {number}, being closed", { number }) : name);
    each.item.toggleAttribute("data-ended", exitStatus !== null || isEnding);
    if (number === this.#selected) this.#reveal();
  }

  /** @param {number} number */
  focusOn(number) {
    this.#tabs.get(number)?.tab.focus();
  }

  /** Scroll the one that is selected into view. */
  #reveal() {
    this.#tabs.get(this.#selected)?.item.scrollIntoView({ block: "nearest", inline: "nearest" });
  }

  #own() {
    this.#list.setAttribute("aria-owns", this.numbers.map(tabIdOf).join(" "));
  }

  /** @param {KeyboardEvent} event */
  #key(event) {
    const { numbers } = this;
    const at = numbers.indexOf(this.#selected);
    if (!(event.target instanceof Element) || event.target.role !== "tab") return;
    const to = { ArrowRight: at + 1, ArrowLeft: at - 1 + numbers.length, Home: 0, End: numbers.length - 1 }[event.key];
    if (to !== undefined) {
      const number = numbers[to % numbers.length] ?? this.#selected;
      this.onSelect(number, false);
      this.focusOn(number);
    } else if (event.key === "Delete" || event.key === "Backspace") this.onClose(this.#selected);
    else return;
    event.preventDefault();
  }
}

customElements.define("terminal-tabs", TerminalTabs);
