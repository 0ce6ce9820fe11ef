/**
 * What the word that is being typed may become, above the field: names of files after an `@`, commands after a `/`.
 *
 * Source of the roles and keys: WAI-ARIA Authoring Practices, "Combobox" with a list. The focus stays in the field, which is a
 * text of several lines and so remains a textbox.
 *
 * @import { Completing } from "../completion.js"
 */

import { commandsFor, completed, completionAt } from "../completion.js";
import { el, say, want } from "../dom.js";
import { counted, t } from "../words.js";

/** Names are asked for when the user has paused that long. */
const PAUSE_MS = 80;
/** As many as one looks through. */
const MOST = 8;

export class ChoiceList extends HTMLElement {
  #list = el("div", { class: "choices", id: "choices", role: "listbox", "aria-label": t("Completions"), hidden: true });
  #told = el("span", { class: "visually-hidden", role: "status" });
  /** @type {HTMLTextAreaElement | null} */
  #field = null;
  /** @type {Completing | null} */
  #completing = null;
  #at = 0;
  #request = new AbortController();
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #timer;
  /** Esc was pressed at this word: it is left alone. */
  #dismissed = -1;

  connectedCallback() {
    this.append(this.#list, this.#told);
  }

  /** @param {HTMLTextAreaElement} field */
  serve(field) {
    this.#field = field;
    for (const [name, value] of [["aria-autocomplete", "list"], ["aria-haspopup", "listbox"], ["aria-controls", "choices"]]) {
      field.setAttribute(String(name), String(value));
    }
    field.addEventListener("input", () => this.#look());
    field.addEventListener("keyup", (event) => {
      if (/^(Arrow(Left|Right)|Home|End)$/.test(event.key)) this.#look();
    });
    field.addEventListener("click", () => this.#look());
    field.addEventListener("blur", () => this.close());
    this.#look();
  }

  get isOpen() {
    return !this.#list.hidden;
  }

  close() {
    clearTimeout(this.#timer);
    this.#request.abort();
    this.#list.hidden = true;
    this.#list.replaceChildren();
    say(this.#told, "");
    this.#field?.removeAttribute("aria-activedescendant");
  }

  /** Whether the key was for the list. @param {KeyboardEvent} event */
  press(event) {
    if (!this.isOpen || event.isComposing || event.ctrlKey || event.metaKey || event.altKey) return false;
    const steps = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (steps) this.#go(this.#at + steps);
    else if ((event.key === "Enter" || event.key === "Tab") && !event.shiftKey) this.#choose(this.#at);
    else if (event.key === "Escape") {
      this.#dismissed = this.#completing?.from ?? -1;
      this.close();
    } else return false;
    event.preventDefault();
    event.stopPropagation();
    return true;
  }

  #look() {
    const field = this.#field;
    clearTimeout(this.#timer);
    this.#request.abort();
    const caret = field && field.selectionStart === field.selectionEnd ? field.selectionStart : -1;
    const completing = field && caret >= 0 ? completionAt(field.value, caret) : null;
    if (!completing || completing.from !== this.#dismissed) this.#dismissed = -1;
    this.#completing = completing;
    if (!completing || this.#dismissed >= 0) return this.close();
    if (completing.kind === "command") {
      const found = commandsFor(completing.typed);
      const known = found.length === 1 && found[0]?.name === completing.typed;
      return known ? this.close() : this.#fill(found.map(({ name, help }) => ({ value: name, shown: `/${name}`, note: t(help) })));
    }
    const request = new AbortController();
    this.#request = request;
    this.#timer = setTimeout(() => {
      const take = (/** @type {string[]} */ names) => {
        if (!request.signal.aborted) this.#fill(names.slice(0, MOST).map((name) => fileChoice(name)));
      };
      want(this, { kind: "file-names", text: completing.typed, signal: request.signal, take });
    }, PAUSE_MS);
  }

  /** @param {{ value: string, shown: string, note: string }[]} choices */
  #fill(choices) {
    if (choices.length === 0) return this.close();
    const options = choices.map(({ value, shown, note }, at) => {
      const option = el(
        "div",
        { class: "choice", role: "option", id: `choice-${at}`, "data-value": value },
        el("span", { class: "choice-name", text: shown }),
        el("span", { class: "choice-note", text: note }),
      );
      // Not `click`: the field would have lost the focus by then, and the list with it.
      option.addEventListener("pointerdown", (event) => {
        event.preventDefault();
        this.#choose(at);
      });
      return option;
    });
    this.#list.replaceChildren(...options);
    this.#list.hidden = false;
    say(this.#told, counted("1 completion", "{count} completions", options.length));
    this.#go(0);
  }

  /** @param {number} at */
  #go(at) {
    const options = [...this.#list.children];
    this.#at = (at + options.length) % options.length;
    options.forEach((each, index) => each.setAttribute("aria-selected", String(index === this.#at)));
    const chosen = options[this.#at];
    if (!chosen) return;
    this.#field?.setAttribute("aria-activedescendant", chosen.id);
    chosen.scrollIntoView({ block: "nearest" });
  }

  /** @param {number} at */
  #choose(at) {
    const field = this.#field;
    const value = /** @type {HTMLElement | undefined} */ (this.#list.children[at])?.dataset.value;
    if (!field || !this.#completing || value === undefined) return;
    const { text, caret } = completed(field.value, this.#completing, value);
    this.close();
    field.value = text;
    field.setSelectionRange(caret, caret);
    field.focus();
    this.dispatchEvent(new CustomEvent("chosen"));
  }
}

/** The name first, for that is what was typed. @param {string} path */
function fileChoice(path) {
  const cut = path.lastIndexOf("/") + 1;
  return { value: path, shown: path.slice(cut), note: path.slice(0, cut) };
}

customElements.define("choice-list", ChoiceList);
