/**
 * One terminal on the screen: xterm.js and the link to the shell.
 *
 * Answers to what a program asks its terminal (colours, cursor) are typed by the page. In a replay they were given already, and
 * where another viewer's size holds that viewer gives them: else a shell would read one answer several times, as words.
 *
 * A shell ends with the server. So the page keeps in which run of the server it has seen the terminal; where that is another one
 * now, a line of its own says so before what the new shell has shown, as long as there is that shell.
 *
 * @import { FitAddon } from "@xterm/addon-fit"
 * @import { ITheme, Terminal } from "@xterm/xterm"
 * @import { Link, Surroundings, Told } from "../terminal-link.js"
 * @typedef {{ id: string, isNew: boolean }} Run  of the server; `isNew`: the shell of an earlier one was seen in this terminal
 */

import { el, want } from "../dom.js";
import { sequenceOf } from "../terminal-keys.js";
import { TerminalLink } from "../terminal-link.js";
import { withSheets } from "../terminal-styles.js";
import { inkOf, THEME_CHANGED } from "../theme.js";
import { t } from "../words.js";

const XTERM = new URL("../../vendor/xterm/xterm.js", import.meta.url);
const ADDON_FIT = new URL("../../vendor/xterm/addon-fit.js", import.meta.url);
const STYLES = new URL("../../vendor/xterm/xterm.css", import.meta.url);

const SCROLLBACK_LINES = 5000;
const FONT_PX = 13;
/** Leaves the terminal: every other key is the shell's, Tab and Escape too. */
export const LEAVE_KEY = "F6";

/** @returns {Promise<{ Terminal: typeof Terminal, FitAddon: typeof FitAddon }>} */
async function load() {
  if (!document.querySelector(`link[href="${STYLES.href}"]`)) {
    await new Promise((resolve, reject) => {
      const link = el("link", { rel: "stylesheet", href: STYLES.href });
      link.onload = resolve;
      link.onerror = () => {
        link.remove();
        reject(new Error("xterm.css"));
      };
      document.head.append(link);
    });
  }
  const [{ Terminal }, { FitAddon }] = await Promise.all([import(XTERM.href), import(ADDON_FIT.href)]);
  return { Terminal, FitAddon };
}

export class TerminalView extends HTMLElement {
  #screen = el("div", { class: "terminal-screen" });
  /** @type {Terminal | null} */
  #terminal = null;
  /** @type {FitAddon | null} */
  #fit = null;
  #link;
  #isLoading = false;
  #isReplaying = true;
  #isOwn = true;
  /** Before there was anything to focus. */
  #isFocusWanted = false;
  #isReader;
  #number;
  #sizes = new ResizeObserver(() => this.fit());
  #how;
  /** @type {number | null} */
  exitStatus = null;
  problem = "";
  /** @type {Run | null} */
  #run = null;
  /** The shell before was lost with its server, and nothing has been typed since. */
  isNew = false;

  /**
   * @param {number} number
   * @param {Omit<Surroundings, "open" | "hello">} world
   * @param {{
   *   open: () => WebSocket, token: () => string, isReader: boolean, withKeys: (text: string) => string,
   *   onLeave: () => void, onChange: () => void, onBusy: (program: string) => void, onClosed: () => void,
   *   recallRun: () => Run | null, keepRun: (run: Run) => void,
   * }} how
   *   `isReader`: a screen reader reads it out; `withKeys` gives what is typed as it is with the keys that are held down;
   *   `onBusy`: it was not closed, for this program runs in it
   */
  constructor(number, world, how) {
    super();
    this.#number = number;
    this.#isReader = how.isReader;
    this.#how = how;
    const hello = () => JSON.stringify({ token: how.token(), control: true, ...(this.#link.size && { resize: this.#link.size }) });
    this.#link = new TerminalLink(
      { ...world, open: how.open, hello },
      {
        onBegin: () => this.#terminal?.reset(),
        onData: (data) => this.#terminal?.write(data),
        onTold: (told) => this.#heard(told),
        onChange: () => how.onChange(),
        onClosed: () => how.onClosed(),
      },
    );
  }

  /** @returns {Link} */
  get link() {
    return this.#link.link;
  }

  connectedCallback() {
    if (this.#terminal) return;
    this.append(this.#screen);
    void this.load();
  }

  /** Also once more, where it did not come. */
  async load() {
    if (this.#isLoading) return;
    this.#isLoading = true;
    this.problem = "";
    this.#screen.replaceChildren(el("p", { class: "quiet", text: t("Loading…") }));
    try {
      const { Terminal, FitAddon } = await load();
      this.#screen.replaceChildren();
      if (!this.isConnected) return;
      this.#begin(Terminal, FitAddon);
    } catch (error) {
      console.info("terminal", error);
      // A server that answers has no xterm.js; one that does not may have it.
      want(this, { kind: "ping", take: (ms) => this.#miss(ms !== null) });
    } finally {
      this.#isLoading = false;
    }
  }

  /** @param {boolean} isServed whether the server answers */
  #miss(isServed) {
    this.problem = isServed
      ? t("This installation has no terminal for the page: xterm.js is missing. Install trio-agent again where npm's registry can be reached.")
      : t("The terminals could not be loaded: {why}", { why: t("The server did not send it.") });
    const again = el("button", { class: "button small", type: "button", onClick: () => void this.load(), text: t("Try again") });
    this.#screen.replaceChildren(el("p", { class: "problem", text: this.problem, role: "alert" }), again);
    this.#how.onChange();
  }

  /** @param {typeof Terminal} Kind @param {typeof FitAddon} Fit */
  #begin(Kind, Fit) {
    const terminal = (this.#terminal = new Kind({
      cursorBlink: !matchMedia("(prefers-reduced-motion: reduce)").matches,
      fontFamily: getComputedStyle(this).getPropertyValue("--mono"),
      fontSize: FONT_PX,
      screenReaderMode: this.#isReader,
      scrollback: SCROLLBACK_LINES,
      theme: this.#theme(),
      linkHandler: { activate: (_, url) => this.#follow(url) },
    }));
    this.#fit = new Fit();
    terminal.loadAddon(this.#fit);
    withSheets(() => terminal.open(this.#screen));
    terminal.textarea?.setAttribute(
      "aria-label",
      t("Terminal {number}. {key} leaves it.", { number: this.#number, key: LEAVE_KEY }),
    );
    this.#answerOnce(terminal);
    const encoder = new TextEncoder();
    terminal.onData((text) => this.#type(encoder.encode(this.#how.withKeys(text))));
    terminal.onBinary((text) => this.#type(Uint8Array.from(text, (each) => each.charCodeAt(0))));
    terminal.attachCustomKeyEventHandler((event) => {
      if (event.key !== LEAVE_KEY) return true;
      event.preventDefault();
      if (event.type === "keydown") this.#how.onLeave();
      return false;
    });
    document.addEventListener(THEME_CHANGED, this.#repaint);
    this.#sizes.observe(this);
    this.fit();
    this.#link.start();
    if (this.#isFocusWanted) this.focus();
  }

  disconnectedCallback() {
    this.#sizes.disconnect();
  }

  /** Close the terminal for all. @param {"ask" | "now"} how */
  end(how) {
    this.#link.close(how);
  }

  /** Whether it is being closed, or waits for a connection to be. */
  get isEnding() {
    return this.#link.isClosing;
  }

  /** Another shell in the place of one that has ended. */
  beginAnew() {
    this.#link.type(new Uint8Array([13]));
  }

  /** A key of those on the screen. @param {string} key @param {boolean} isControl */
  press(key, isControl) {
    const terminal = this.#terminal;
    terminal?.input(sequenceOf(key, isControl, terminal.modes.applicationCursorKeysMode));
  }

  /** It is gone for good from this page. */
  close() {
    document.removeEventListener(THEME_CHANGED, this.#repaint);
    this.#link.stop();
    this.#terminal?.dispose();
    this.remove();
  }

  /** @override */
  focus() {
    this.#isFocusWanted = !this.#terminal;
    this.#terminal?.focus();
  }

  retryNow() {
    this.#link.retryNow();
  }

  wake() {
    this.#link.wake();
  }

  /** @param {boolean} isReader */
  set isReader(isReader) {
    this.#isReader = isReader;
    if (this.#terminal) this.#terminal.options.screenReaderMode = isReader;
  }

  /**
   * Take all the room there is. One that is not in front keeps its size, and yet is laid out (terminal.css): xterm.js does
   * not measure what has no box, and scrolls it to a wrong place when it is given one.
   */
  fit() {
    const terminal = this.#terminal;
    const size = this.checkVisibility({ visibilityProperty: true }) ? this.#fit?.proposeDimensions() : undefined;
    if (!terminal || !size || !(size.cols > 1)) return;
    const [columns, rows] = this.#link.size ?? [0, 0];
    if (columns === size.cols && rows === size.rows) return;
    this.#isOwn = true;
    terminal.resize(size.cols, size.rows);
    this.#link.resize(size.cols, size.rows);
  }

  /** @param {Uint8Array} bytes */
  #type(bytes) {
    this.isNew = false;
    if (!this.#isOwn && this.#link.size && this.#terminal) {
      // Whoever types is who should see it well.
      this.#isOwn = true;
      this.#terminal.resize(...this.#link.size);
      this.#link.resize(...this.#link.size);
    }
    this.#link.type(bytes);
  }

  /** @param {Told} told */
  #heard({ replaying, server_run, size, own, exit_status, runs }) {
    if (server_run !== undefined) this.#see(server_run);
    // Behind what was written before: xterm.js takes it in its own time.
    if (replaying !== undefined) this.#terminal?.write("", () => (this.#isReplaying = replaying));
    if (runs !== undefined) this.#how.onBusy(runs);
    if (!size) return;
    this.#isOwn = own === true;
    this.exitStatus = exit_status ?? null;
    if (!own) this.#terminal?.resize(...size);
    this.#how.onChange();
  }

  /** @param {string} id of the server's run */
  #see(id) {
    const known = this.#run ?? this.#how.recallRun();
    this.#run = { id, isNew: known !== null && (known.isNew || known.id !== id) };
    this.#how.keepRun(this.#run);
    if (known?.id !== id) this.isNew = this.#run.isNew;
    if (this.#run.isNew) this.#terminal?.write(`[${restarted()}]\r\n`);
  }

  /** @param {Terminal} terminal */
  #answerOnce(terminal) {
    const isSilent = () => this.#isReplaying || !this.#isOwn;
    const { parser } = terminal;
    for (const id of [{ final: "c" }, { prefix: ">", final: "c" }, { prefix: "=", final: "c" }, { final: "n" }, { prefix: "?", final: "n" }]) {
      parser.registerCsiHandler(id, isSilent);
    }
    parser.registerCsiHandler({ intermediates: "$", final: "p" }, isSilent);
    parser.registerCsiHandler({ prefix: "?", intermediates: "$", final: "p" }, isSilent);
    parser.registerDcsHandler({ intermediates: "$", final: "q" }, isSilent);
    for (const colour of [4, 10, 11, 12]) parser.registerOscHandler(colour, (data) => data.endsWith("?") && isSilent());
  }

  /** @param {string} url */
  #follow(url) {
    if (/^https?:/i.test(url) && confirm(t("Open {url}?", { url }))) window.open(url, "_blank", "noopener,noreferrer");
  }

  #repaint = () => {
    if (this.#terminal) this.#terminal.options.theme = this.#theme();
  };

  /** @returns {ITheme} */
  #theme() {
    /** @param {string} name */
    const token = (name) => inkOf(this, name);
    const names = ["black", "red", "green", "yellow", "blue", "magenta", "cyan", "white"];
    const bright = names.map((name) => `bright${name.charAt(0).toUpperCase()}${name.slice(1)}`);
    return {
      background: token("--sunken"),
      foreground: token("--text"),
      cursor: token("--accent"),
      cursorAccent: token("--sunken"),
      selectionBackground: token("--accent-soft"),
      ...Object.fromEntries([...names, ...bright].map((name, index) => [name, token(`--ansi-${index}`)])),
    };
  }
}

customElements.define("terminal-view", TerminalView);

const restarted = () => t("The server was restarted: this is a new shell.");

/** What a terminal's state is called. @param {TerminalView} view @param {number} now */
export function stateOf({ link, exitStatus, isNew, problem }, now) {
  if (problem) return t("No terminal");
  switch (link.status) {
    case "connecting":
      return t("Connecting");
    case "reconnecting": {
      const left = Math.ceil((link.dueAt - now) / 1000);
      return left > 0 ? t("Reconnecting in {count} s", { count: left }) : t("Reconnecting…");
    }
    case "offline":
      return t("Offline");
    case "ended":
      return link.reason || t("Session ended");
    case "unauthorized":
      return t("Not authorised");
    case "connected":
      if (exitStatus === null) return isNew ? restarted() : t("Connected");
      return t("The shell ended with status {status}. Enter begins a new one.", { status: exitStatus });
  }
}

