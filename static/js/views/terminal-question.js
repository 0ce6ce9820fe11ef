/** Asks whether a terminal is to be closed although something runs in it. */

import { el, say } from "../dom.js";
import { t } from "../words.js";

export class TerminalQuestion extends HTMLElement {
  #heading = el("h2", { id: "terminal-question-title" });
  #words = el("p", { id: "terminal-question-words" });
  #cancel = el("button", { class: "button", type: "button", text: t("Cancel"), onClick: () => this.#dialog.close() });
  #form = el(
    "form",
    { method: "dialog", onSubmit: () => this.#does() },
    this.#heading,
    this.#words,
    el("div", { class: "dialog-row" }, this.#cancel, el("button", { class: "button danger", type: "submit", text: t("Close it") })),
  );
  #dialog = el(
    "dialog",
    { class: "dialog", "aria-labelledby": "terminal-question-title", "aria-describedby": "terminal-question-words" },
    this.#form,
  );
  #number = 0;
  /** @type {() => void} */
  #does = () => undefined;

  connectedCallback() {
    this.#dialog.addEventListener("click", (event) => event.target === this.#dialog && this.#dialog.close());
    this.append(this.#dialog);
  }

  /** @param {number} number @param {string} program its name, or empty @param {() => void} does what a yes does */
  ask(number, program, does) {
    this.#number = number;
    this.#does = does;
    say(this.#heading, t("Close terminal {number}?", { number }));
    say(this.#words, program ? t("“{program}” runs in it, and will be ended.", { program }) : t("A program runs in it, and will be ended."));
    if (!this.#dialog.open) this.#dialog.showModal();
    // What cannot be undone is not done by pressing Enter once too often.
    this.#cancel.focus();
  }

  /** The terminal is gone. @param {number} number */
  forget(number) {
    if (number === this.#number) this.#dialog.close();
  }
}

customElements.define("terminal-question", TerminalQuestion);
