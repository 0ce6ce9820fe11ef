/**
 * Finds a session or a message: what is typed is looked for in titles and in all messages, and a key opens what was found.
 *
 * Source of the roles and keys: WAI-ARIA Authoring Practices, "Combobox" with a list. The focus stays in the field.
 *
 * @import { Snapshot } from "../store.js"
 * @import { Found, FoundMessage, SessionSummary } from "../wire.js"
 */

import { doingOfListed, noteOfListed } from "../doing.js";
import { el, icon, say, want } from "../dom.js";
import { ago } from "../format.js";
import { legible } from "../snippet.js";
import { t } from "../words.js";

/** A search is sent when the user has paused that long. */
const PAUSE_MS = 150;
/** Without a word to look for, so many sessions are offered. */
const OFFERED = 12;

export class SessionPalette extends HTMLElement {
  #field = el("input", {
    type: "text",
    class: "palette-field",
    id: "palette-field",
    role: "combobox",
    "aria-expanded": "true",
    "aria-controls": "palette-list",
    "aria-autocomplete": "list",
    "aria-label": t("Find a session or a message"),
    placeholder: t("Find a session or a message"),
    autocomplete: "off",
    spellcheck: "false",
    enterkeyhint: "go",
    maxlength: 200,
  });
  #list = el("div", { class: "palette-list", id: "palette-list", role: "listbox", "aria-label": t("Found") });
  #note = el("p", { class: "palette-note", role: "status" });
  #dialog = el(
    "dialog",
    { class: "palette", "aria-label": t("Find a session or a message") },
    el(
      "div",
      { class: "palette-head" },
      icon("search"),
      this.#field,
      el(
        "button",
        { class: "button quiet", type: "button", "aria-label": t("Close"), onClick: () => this.#dialog.close() },
        icon("close"),
      ),
    ),
    this.#list,
    this.#note,
  );
  /** @type {readonly SessionSummary[]} */
  #sessions = [];
  #at = 0;
  /** What is listed was found for other words than those that stand in the field now. */
  #searching = false;
  /** Enter was pressed meanwhile: it is meant for what will be found. */
  #chosen = false;
  #search = new AbortController();
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #timer;

  connectedCallback() {
    this.#dialog.addEventListener("click", (event) => event.target === this.#dialog && this.#dialog.close());
    this.#dialog.addEventListener("close", () => this.#stop());
    this.#field.addEventListener("input", () => this.#typed());
    this.#field.addEventListener("keydown", (event) => this.#pressed(event));
    this.append(this.#dialog);
  }

  /** @param {Snapshot} snapshot */
  show({ roster }) {
    this.#sessions = roster?.sessions ?? [];
  }

  open() {
    if (this.#dialog.open) return;
    this.#field.value = "";
    this.#dialog.showModal();
    this.#field.focus();
    this.#typed();
  }

  #stop() {
    clearTimeout(this.#timer);
    this.#search.abort();
    this.#searching = this.#chosen = false;
  }

  #typed() {
    this.#stop();
    const text = this.#field.value.trim();
    if (!/[\p{L}\p{N}]/u.test(text)) {
      if (text) return this.#fill([], t("Type a word or a number."));
      const offered = this.#sessions.filter(({ archived }) => !archived).slice(0, OFFERED);
      return this.#fill(offered.map(sessionOption), "");
    }
    const search = new AbortController();
    this.#search = search;
    this.#searching = true;
    this.#mark();
    if (this.#list.childElementCount === 0) this.#say(t("Searching…"));
    this.#timer = setTimeout(() => {
      want(this, {
        kind: "find",
        text,
        signal: search.signal,
        take: (found, problem) => this.#took(text, found, problem),
      });
    }, PAUSE_MS);
  }

  /** @param {string} note */
  #say(note) {
    say(this.#note, note);
    this.#note.hidden = !note;
  }

  /** @param {string} text @param {Found | null} found @param {string} problem */
  #took(text, found, problem) {
    if (!found) return this.#fill([], t("The search failed: {problem}", { problem }));
    const options = [...found.sessions.map(sessionOption), ...found.messages.map(messageOption)];
    const notes = [
      options.length === 0 ? t("Nothing found for “{text}”.", { text }) : "",
      found.more ? t("There are more; another word narrows it down.") : "",
      found.complete ? "" : t("Older sessions are still being taken in: there may be more in a moment."),
    ];
    this.#fill(options, notes.filter(Boolean).join(" "));
  }

  /** @param {HTMLElement[]} options @param {string} note */
  #fill(options, note) {
    options.forEach((each, at) => {
      each.id = `palette-option-${at}`;
      each.addEventListener("click", () => this.#choose(at));
      each.addEventListener("pointermove", () => this.#go(at));
    });
    this.#list.replaceChildren(...options);
    this.#list.scrollTop = 0;
    this.#say(note);
    this.#searching = false;
    this.#go(0);
    if (this.#chosen) this.#choose(0);
    this.#chosen = false;
  }

  /** @param {number} at */
  #go(at) {
    const { length } = this.#list.children;
    this.#at = length === 0 ? 0 : (at + length) % length;
    this.#mark();
  }

  /** The one that Enter chooses: none of those that were found for other words. */
  #mark() {
    const options = [...this.#list.children];
    const at = this.#searching ? -1 : this.#at;
    options.forEach((each, index) => each.setAttribute("aria-selected", String(index === at)));
    const chosen = options[at];
    if (chosen) this.#field.setAttribute("aria-activedescendant", chosen.id);
    else this.#field.removeAttribute("aria-activedescendant");
  }

  /** @param {number} at */
  #choose(at) {
    const chosen = /** @type {HTMLElement | undefined} */ (this.#list.children[at]);
    if (!chosen?.dataset.url) return;
    this.#dialog.close();
    want(this, { kind: "open", url: chosen.dataset.url });
  }

  /** @param {KeyboardEvent} event */
  #pressed(event) {
    if (event.isComposing) return;
    const steps = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (!steps && event.key !== "Enter") return;
    event.preventDefault();
    if (this.#searching) {
      this.#chosen = !steps;
      return this.#say(t("Searching…"));
    }
    if (steps) this.#go(this.#at + steps);
    else this.#choose(this.#at);
    this.#list.children[this.#at]?.scrollIntoView({ block: "nearest" });
  }
}

/** @param {SessionSummary} session */
function sessionOption(session) {
  const doing = doingOfListed(session);
  const notes = [noteOfListed(session, doing), session.archived ? t("archived") : ""];
  return el(
    "div",
    { class: "palette-option", role: "option", "data-url": session.url, "data-mood": doing.mood },
    el("span", { class: "session-title", text: session.title || t("New session") }),
    el("span", { class: "session-note", text: notes.filter(Boolean).join(" · ") }),
  );
}

/** @param {FoundMessage} message */
function messageOption({ url, title, idx, type, timestamp, snippet, archived }) {
  const where = t("{title} · message {number}", { title: title || t("New session"), number: idx + 1 });
  const notes = [where, ago(timestamp, Date.now()), archived ? t("archived") : ""];
  const text = snippet.map(({ text: part, hit }) => (hit ? el("mark", { text: legible(part, type) }) : legible(part, type)));
  return el(
    "div",
    { class: "palette-option", role: "option", "data-url": url },
    el("span", { class: "palette-snippet" }, ...text),
    el("span", { class: "session-note", text: notes.filter(Boolean).join(" · ") }),
  );
}

customElements.define("session-palette", SessionPalette);
