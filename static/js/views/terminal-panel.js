/**
 * The terminals of the session, below the conversation; on a phone over it. A tab each; which are open is kept with the page.
 *
 * @import { Surroundings } from "../terminal-link.js"
 * @import { TerminalView } from "./terminal-view.js"
 * @typedef {{
 *   world: Omit<Surroundings, "open" | "hello">, open: (number: number) => WebSocket, token: () => string,
 *   recall: () => { open?: number[], shown?: number, isOpen?: boolean, isReader?: boolean } | null, keep: (state: object) => void,
 * }} Source
 */

import { el, icon, say } from "../dom.js";
import { t } from "../words.js";

export const MOST = 8;

export class TerminalPanel extends HTMLElement {
  /** @type {Source | null} Set before the first `open`. */
  source = null;
  /** @type {Map<number, TerminalView>} */
  #views = new Map();
  #shown = 0;
  #isReader = false;
  /** @type {any} */
  #ticking = null;
  /** @type {typeof import("./terminal-view.js") | null} */
  #module = null;
  #tabs = el("div", { class: "terminal-tabs", role: "tablist", "aria-label": t("Terminals") });
  #state = el("span", { class: "terminal-state quiet", role: "status" });
  #now = el("button", { class: "button small", type: "button", text: t("Now"), hidden: true, onClick: () => this.#current?.retryNow() });
  #add = el(
    "button",
    { class: "button quiet small", type: "button", "aria-label": t("New terminal"), title: t("New terminal"), onClick: () => void this.#new() },
    icon("plus"),
  );
  #reader = el("input", {
    type: "checkbox",
    onChange: () => {
      this.#isReader = this.#reader.checked;
      for (const view of this.#views.values()) view.isReader = this.#isReader;
      this.#keep();
    },
  });
  #body = el("div", { class: "terminal-body" });
  #close = el(
    "button",
    { class: "button quiet small", type: "button", "aria-label": t("Hide the terminals"), title: t("Hide the terminals"), onClick: () => this.toggle() },
    icon("close"),
  );

  connectedCallback() {
    this.setAttribute("role", "region");
    this.setAttribute("aria-label", t("Terminals"));
    this.append(
      el(
        "header",
        { class: "terminal-head" },
        this.#tabs,
        this.#add,
        this.#state,
        this.#now,
        el("label", { class: "terminal-option", title: t("For screen readers: what is shown is read out") }, this.#reader, t("Read out")),
        el("span", { class: "terminal-hint quiet", text: t("{key} leaves the terminal", { key: "F6" }) }),
        this.#close,
      ),
      this.#body,
    );
    this.#tabs.addEventListener("keydown", (event) => this.#move(event));
    for (const moment of ["online", "pageshow"]) addEventListener(moment, () => this.#wake());
    document.addEventListener("visibilitychange", () => document.hidden || this.#wake());
  }

  /** Show the terminals, with the focus in one, or hide them: their shells run on. */
  toggle() {
    if (this.hasAttribute("hidden")) return void this.open();
    this.toggleAttribute("hidden", true);
    this.#keep();
    clearInterval(this.#ticking);
    this.#toggle?.setAttribute("aria-expanded", "false");
    this.#toggle?.focus();
  }

  /** @param {boolean} isFocused */
  async open(isFocused = true) {
    const kept = this.#views.size === 0 ? this.source?.recall() : null;
    this.toggleAttribute("hidden", false);
    this.#toggle?.setAttribute("aria-expanded", "true");
    this.#reader.checked = this.#isReader = kept?.isReader ?? this.#isReader;
    this.#ticking = setInterval(() => this.#say(), 500);
    this.#module ??= await import("./terminal-view.js");
    for (const number of kept?.open?.filter((each) => each >= 1 && each <= MOST) ?? []) this.#make(number);
    if (this.#views.size === 0) this.#make(1);
    const shown = kept?.shown && this.#views.has(kept.shown) ? kept.shown : this.#shown;
    this.#show(this.#views.has(shown) ? shown : [...this.#views.keys()][0] ?? 1, isFocused);
  }

  /** As the page was left. */
  restore() {
    if (this.source?.recall()?.isOpen && this.hasAttribute("hidden")) void this.open(false);
  }

  get #toggle() {
    return /** @type {HTMLElement | null} */ (document.querySelector("#terminal-toggle"));
  }

  get #current() {
    return this.#views.get(this.#shown);
  }

  #new() {
    const free = Array.from({ length: MOST }, (_, index) => index + 1).find((number) => !this.#views.has(number));
    if (!free) return;
    this.#make(free);
    this.#show(free, true);
  }

  /** @param {number} number */
  #make(number) {
    const { source } = this;
    if (!source || !this.#module || this.#views.has(number)) return;
    const view = new this.#module.TerminalView(number, source.world, {
      open: () => source.open(number),
      token: source.token,
      isReader: this.#isReader,
      onLeave: () => this.#tab(number)?.focus(),
      onChange: () => this.#say(),
    });
    view.id = `terminal-${number}`;
    view.setAttribute("role", "tabpanel");
    view.setAttribute("aria-labelledby", `terminal-tab-${number}`);
    view.hidden = true;
    this.#views.set(number, view);
    this.#body.append(view);
    const tab = el("button", {
      class: "terminal-tab",
      type: "button",
      role: "tab",
      id: `terminal-tab-${number}`,
      "aria-controls": view.id,
      "aria-label": t("Terminal {number}", { number }),
      text: String(number),
      onClick: () => this.#show(number, true),
    });
    const after = [...this.#tabs.children].find((each) => Number(each.textContent) > number) ?? null;
    this.#tabs.insertBefore(tab, after);
  }

  /** @param {number} number @param {boolean} isFocused */
  #show(number, isFocused) {
    this.#shown = number;
    for (const [each, view] of this.#views) {
      view.hidden = each !== number;
      this.#tab(each)?.setAttribute("aria-selected", String(each === number));
      this.#tab(each)?.setAttribute("tabindex", each === number ? "0" : "-1");
    }
    this.#add.disabled = this.#views.size >= MOST;
    this.#current?.fit();
    if (isFocused) this.#current?.focus();
    this.#keep();
    this.#say();
  }

  /** @param {KeyboardEvent} event */
  #move(event) {
    const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    const numbers = [...this.#views.keys()].sort((a, b) => a - b);
    if (event.key === "Delete" || event.key === "Backspace") {
      event.preventDefault();
      return this.#remove(this.#shown);
    }
    if (!step) return;
    event.preventDefault();
    const next = numbers[(numbers.indexOf(this.#shown) + step + numbers.length) % numbers.length] ?? 1;
    this.#show(next, false);
    this.#tab(next)?.focus();
  }

  /** Take a tab away from this page. @param {number} number */
  #remove(number) {
    if (this.#views.size < 2) return this.toggle();
    this.#views.get(number)?.close();
    this.#views.delete(number);
    this.#tab(number)?.remove();
    const next = [...this.#views.keys()][0] ?? 1;
    this.#show(next, false);
    this.#tab(next)?.focus();
  }

  /** @param {number} number */
  #tab(number) {
    return /** @type {HTMLElement | null} */ (this.#tabs.querySelector(`#terminal-tab-${number}`));
  }

  #wake() {
    for (const view of this.#views.values()) view.wake();
  }

  #say() {
    const { source } = this;
    const view = this.#current;
    if (!view || !source || !this.#module) return;
    const words = this.#module.stateOf(view, source.world.now());
    // Nobody needs to be told all the time that all is well.
    const isWell = view.link.status === "connected" && view.exitStatus === null;
    say(this.#state, isWell ? "" : words);
    this.#state.dataset.status = view.problem ? "ended" : view.link.status;
    this.#now.hidden = view.link.dueAt === 0;
  }

  #keep() {
    this.source?.keep({ open: [...this.#views.keys()], shown: this.#shown, isOpen: !this.hasAttribute("hidden"), isReader: this.#isReader });
  }
}

customElements.define("terminal-panel", TerminalPanel);
