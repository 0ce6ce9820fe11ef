/**
 * The terminals of the session, below the conversation; on a phone over it. A tab each; which are open is kept with the page.
 *
 * @import { Surroundings } from "../terminal-link.js"
 * @import { Run, TerminalView } from "./terminal-view.js"
 * @typedef {{
 *   world: Omit<Surroundings, "open" | "hello">, open: (number: number) => WebSocket, token: () => string,
 *   recall: () => { open?: number[], shown?: number, isOpen?: boolean, isReader?: boolean } | null, keep: (state: object) => void,
 *   recallRun: (number: number) => Run | null, keepRun: (number: number, run: Run | null) => void,
 * }} Source
 */

import { el, icon, say } from "../dom.js";
import { Later } from "../later.js";
import { t } from "../words.js";
import { TerminalKeys } from "./terminal-keys.js";
import { TerminalQuestion } from "./terminal-question.js";
import { panelIdOf, tabIdOf, TerminalTabs } from "./terminal-tabs.js";

export const MOST = 8;

const loading = new Later(() => import("./terminal-view.js"), false);

export class TerminalPanel extends HTMLElement {
  /** @type {Source | null} Set before the first `open`. */
  source = null;
  /** @type {Map<number, TerminalView>} */
  #views = new Map();
  #shown = 0;
  #isReader = false;
  /** @type {any} */
  #ticking = null;
  #tabs = new TerminalTabs();
  #keys = new TerminalKeys();
  #question = new TerminalQuestion();
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
    const options = el(
      "div",
      { class: "terminal-options" },
      this.#state,
      this.#now,
      el("label", { class: "terminal-option", title: t("For screen readers: what is shown is read out") }, this.#reader, t("Read out")),
      el("span", { class: "terminal-hint quiet", text: t("{key} leaves the terminal", { key: "F6" }) }),
    );
    this.append(el("header", { class: "terminal-head" }, this.#tabs, this.#add, options, this.#close), this.#body, this.#keys, this.#question);
    this.#tabs.onSelect = (number, isFocused) => this.#show(number, isFocused);
    this.#tabs.onClose = (number) => this.#end(number);
    this.#keys.onPress = (key, isControl) => this.#current?.press(key, isControl);
    for (const moment of ["online", "pageshow"]) addEventListener(moment, () => this.#wake());
    document.addEventListener("visibilitychange", () => document.hidden || this.#wake());
    visualViewport?.addEventListener("resize", () => this.#clear());
  }

  /** Show the terminals, with the focus in one, or hide them: their shells run on. */
  toggle() {
    if (this.hasAttribute("hidden")) return void this.open();
    this.#hide();
    this.#toggle?.focus();
  }

  #hide() {
    this.toggleAttribute("hidden", true);
    this.#keep();
    clearInterval(this.#ticking);
    this.#toggle?.setAttribute("aria-expanded", "false");
  }

  /** @param {boolean} isFocused */
  async open(isFocused = true) {
    const kept = this.#views.size === 0 ? this.source?.recall() : null;
    this.toggleAttribute("hidden", false);
    this.#toggle?.setAttribute("aria-expanded", "true");
    this.#reader.checked = this.#isReader = kept?.isReader ?? this.#isReader;
    clearInterval(this.#ticking);
    this.#ticking = setInterval(() => this.#say(), 500);
    if (!(await this.#load())) return;
    for (const number of kept?.open?.filter((each) => each >= 1 && each <= MOST) ?? []) this.#make(number);
    if (this.#views.size === 0) this.#make(1);
    const shown = kept?.shown && this.#views.has(kept.shown) ? kept.shown : this.#shown;
    this.#show(this.#views.has(shown) ? shown : [...this.#views.keys()][0] ?? 1, isFocused);
  }

  /** Whether the terminals can be shown. Where not it says so, and they come when the server is back. */
  async #load() {
    if (loading.part) return true;
    this.#body.replaceChildren(el("p", { class: "quiet", text: t("Loading…") }));
    try {
      await loading.get();
      // Of two that waited the first has made the terminals.
      if (this.#views.size === 0) this.#body.replaceChildren();
      return true;
    } catch (error) {
      const words = t("The terminals could not be loaded: {why}", { why: error instanceof Error ? error.message : String(error) });
      const again = el("button", { class: "button small", type: "button", onClick: () => void this.open(), text: t("Try again") });
      this.#body.replaceChildren(el("div", { class: "terminal-away" }, el("p", { class: "problem", role: "alert", text: words }), again));
      return false;
    }
  }

  /** The server is back: what could not be loaded, or connected, may come now. */
  reload() {
    this.#wake();
    if (this.hasAttribute("hidden")) return;
    if (!loading.part) return void this.open(false);
    for (const view of this.#views.values()) if (view.problem) void view.load();
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
    if (!loading.part) return void this.open();
    const free = Array.from({ length: MOST }, (_, index) => index + 1).find((number) => !this.#views.has(number));
    const ended = this.#ended;
    if (free) this.#make(free);
    else if (ended) this.#views.get(ended)?.beginAnew();
    const number = free ?? ended;
    if (number) this.#show(number, true);
  }

  /** One whose shell has ended. */
  get #ended() {
    return [...this.#views].find(([, { exitStatus, link }]) => exitStatus !== null && link.status === "connected")?.[0];
  }

  /** @param {number} number */
  #make(number) {
    const { source } = this;
    if (!source || !loading.part || this.#views.has(number)) return;
    const view = new loading.part.TerminalView(number, source.world, {
      open: () => source.open(number),
      token: source.token,
      isReader: this.#isReader,
      withKeys: (text) => this.#keys.apply(text),
      onLeave: () => this.#tabs.focusOn(number),
      onChange: () => this.#changed(number),
      onBusy: (program) => {
        this.#changed(number);
        this.#question.ask(number, program, () => view.end("now"));
      },
      onClosed: () => this.#remove(number),
      recallRun: () => source.recallRun(number),
      keepRun: (run) => source.keepRun(number, run),
    });
    view.id = panelIdOf(number);
    view.setAttribute("role", "tabpanel");
    view.setAttribute("aria-labelledby", tabIdOf(number));
    view.hidden = true;
    this.#views.set(number, view);
    this.#body.append(view);
    this.#tabs.add(number);
  }

  /** @param {number} number @param {boolean} isFocused */
  #show(number, isFocused) {
    this.#shown = number;
    for (const [each, view] of this.#views) view.hidden = each !== number;
    this.#tabs.select(number);
    this.#current?.fit();
    if (isFocused) this.#current?.focus();
    this.#keep();
    this.#say();
  }

  /** Close a terminal for all, and its tab when that is done. @param {number} number */
  #end(number) {
    const view = this.#views.get(number);
    if (!view) return;
    const isGone = view.problem !== "" || view.link.status === "ended";
    // Without a connection nobody can be told; who presses again wants it out of the way at least.
    if (isGone || (view.isEnding && view.link.status !== "connected")) return this.#remove(number);
    view.end("ask");
    this.#changed(number);
  }

  /** It is gone: take its tab away. @param {number} number */
  #remove(number) {
    const hadFocus = this.contains(document.activeElement);
    const { numbers } = this.#tabs;
    this.#views.get(number)?.close();
    this.#views.delete(number);
    this.#tabs.drop(number);
    this.#question.forget(number);
    this.source?.keepRun(number, null);
    const next = numbers.find((each) => each > number) ?? numbers.findLast((each) => each < number);
    if (next === undefined) {
      const wasOpen = !this.hasAttribute("hidden");
      this.#hide();
      if (hadFocus && wasOpen) this.#toggle?.focus();
      return;
    }
    this.#show(number === this.#shown ? next : this.#shown, false);
    if (hadFocus) this.#tabs.focusOn(this.#shown);
  }

  /** @param {number} number */
  #changed(number) {
    const view = this.#views.get(number);
    if (view) this.#tabs.mark(number, view);
    this.#say();
  }

  #wake() {
    for (const view of this.#views.values()) view.wake();
  }

  #say() {
    const { source } = this;
    const view = this.#current;
    this.#add.disabled = this.#views.size >= MOST && !this.#ended;
    if (!view || !source || !loading.part) return;
    const words = loading.part.stateOf(view, source.world.now());
    // Nobody needs to be told all the time that all is well.
    const isWell = view.link.status === "connected" && view.exitStatus === null && !view.isNew;
    say(this.#state, isWell ? "" : words);
    this.#state.dataset.status = view.problem ? "ended" : view.link.status;
    this.#now.hidden = view.link.dueAt === 0;
  }

  /** Keep clear of the keyboard on the screen where the page is not made smaller by it. */
  #clear() {
    const { height = innerHeight, offsetTop = 0, scale = 1 } = visualViewport ?? {};
    const covered = scale > 1 ? 0 : Math.max(0, Math.round(innerHeight - height - offsetTop));
    this.style.setProperty("--covered", `${covered}px`);
  }

  #keep() {
    // Those of the last visit, where they could not be shown yet.
    const terminals = loading.part ? { open: [...this.#views.keys()], shown: this.#shown } : this.source?.recall();
    this.source?.keep({ ...terminals, isOpen: !this.hasAttribute("hidden"), isReader: this.#isReader });
  }
}

customElements.define("terminal-panel", TerminalPanel);
