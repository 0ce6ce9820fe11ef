/**
 * The keys that a keyboard on a screen does not have: shown where a finger is what points (terminal.css).
 *
 * Pressing one leaves the focus where it is, or the keyboard would go away.
 */

import { el } from "../dom.js";
import { withControl } from "../terminal-keys.js";
import { t } from "../words.js";

export class TerminalKeys extends HTMLElement {
  /** @type {(key: string, isControl: boolean) => void} */
  onPress = () => undefined;
  #control = this.#key("Ctrl", t("Ctrl, for the next key"), () => this.#hold(!this.#isHeld));
  #isHeld = false;

  connectedCallback() {
    this.setAttribute("role", "group");
    this.setAttribute("aria-label", t("Keys"));
    this.#hold(false);
    const named = (/** @type {string} */ text, /** @type {string} */ key, /** @type {string} */ name) =>
      this.#key(text, name, () => this.#press(key));
    this.append(
      named("Esc", "Escape", "Esc"),
      named("Tab", "Tab", "Tab"),
      this.#control,
      named("←", "ArrowLeft", t("Arrow left")),
      named("↑", "ArrowUp", t("Arrow up")),
      named("↓", "ArrowDown", t("Arrow down")),
      named("→", "ArrowRight", t("Arrow right")),
      named("|", "|", t("Pipe")),
      named("~", "~", t("Tilde")),
      named("/", "/", t("Slash")),
    );
    for (const event of ["mousedown", "pointerdown"]) this.addEventListener(event, (press) => press.preventDefault());
  }

  /** What is typed, as it is with Ctrl where that is held; then it is let go. @param {string} text */
  apply(text) {
    // What begins with an escape is not a character that was typed: a key of a real keyboard, or an answer to a program.
    if (!this.#isHeld || text.startsWith("\x1b")) return text;
    this.#hold(false);
    return withControl(text);
  }

  /** @param {string} text @param {string} name @param {() => void} onClick */
  #key(text, name, onClick) {
    return el("button", { class: "terminal-key", type: "button", "aria-label": name, title: name, text, onClick });
  }

  /** @param {string} key */
  #press(key) {
    const isControl = this.#isHeld;
    this.#hold(false);
    this.onPress(key, isControl);
  }

  /** @param {boolean} isHeld */
  #hold(isHeld) {
    this.#isHeld = isHeld;
    this.#control.setAttribute("aria-pressed", String(isHeld));
  }
}

customElements.define("terminal-keys", TerminalKeys);
