/** Asks for a session's new name, or whether it is to be deleted for good; and says what came of it. */

/** @import { SessionSummary } from "../wire.js" */

import { el, say, want } from "../dom.js";
import { isWorking } from "../format.js";
import { t } from "../words.js";

/** As long as the server takes them. */
const TITLE_CHARS = 500;

export class SessionDialog extends HTMLElement {
  #heading = el("h2", { id: "session-dialog-title" });
  #words = el("p", {});
  #title = el("input", { type: "text", id: "session-title-field", maxlength: TITLE_CHARS, autocomplete: "off" });
  #field = el("label", { class: "field" }, el("span", { text: t("Title") }), this.#title);
  #problem = el("p", { class: "problem", role: "alert" });
  #cancel = el("button", { class: "button", type: "button", text: t("Cancel"), onClick: () => this.#dialog.close() });
  #go = el("button", { class: "button primary", type: "submit" });
  #form = el(
    "form",
    { method: "dialog" },
    this.#heading,
    this.#words,
    this.#field,
    this.#problem,
    el("div", { class: "dialog-row" }, this.#cancel, this.#go),
  );
  #dialog = el("dialog", { class: "dialog", "aria-labelledby": "session-dialog-title" }, this.#form);
  /** @type {() => void} */
  #does = () => undefined;

  connectedCallback() {
    this.#dialog.addEventListener("click", (event) => event.target === this.#dialog && this.#dialog.close());
    this.#form.addEventListener("submit", (event) => {
      // Not before it is done: what goes wrong is said here.
      event.preventDefault();
      this.#does();
    });
    this.append(this.#dialog);
  }

  /** @param {SessionSummary} session */
  rename({ session_id: sessionId, title }) {
    this.#ask(t("Rename the session"), "", t("Rename"), "primary", () => {
      const given = this.#title.value.trim();
      if (given === title) return this.#dialog.close();
      this.#wait();
      want(this, { kind: "change-session", sessionId, change: { title: given }, done: (problem) => this.#done(problem) });
    });
    this.#field.hidden = false;
    this.#title.value = title;
    this.#title.select();
  }

  /** @param {SessionSummary} session */
  delete({ session_id: sessionId, title, agent_state: state }) {
    const words = t("“{title}” and all its messages will be gone, and so will its workspace. Commits that have arrived in your repository stay there.", {
      title: title || t("New session"),
    });
    let stop = isWorking(state);
    const name = () => (stop ? t("Stop and delete") : t("Delete"));
    this.#ask(t("Delete the session?"), words, name(), "danger", () => {
      this.#wait();
      const done = (/** @type {string} */ problem, isBusy = false) => {
        this.#done(isBusy && !stop ? t("The agent is at work in it.") : problem);
        // It has begun to work since the question was asked.
        stop ||= isBusy;
        say(this.#go, name());
      };
      want(this, { kind: "delete-session", sessionId, stop, done });
    });
    if (stop) this.#tellProblem(t("The agent is at work in it."));
    // What cannot be undone is not done by pressing Enter once too often.
    this.#cancel.focus();
  }

  /** Something that was asked for elsewhere could not be done. @param {SessionSummary} session @param {string} problem */
  tell({ title }, problem) {
    this.#ask(title || t("New session"), "", t("Close"), "primary", () => this.#dialog.close());
    this.#cancel.hidden = true;
    this.#tellProblem(problem);
  }

  /** @param {string} heading @param {string} words @param {string} go @param {string} kind @param {() => void} does */
  #ask(heading, words, go, kind, does) {
    say(this.#heading, heading);
    say(this.#words, words);
    this.#words.hidden = !words;
    this.#field.hidden = true;
    this.#problem.hidden = true;
    this.#cancel.hidden = false;
    this.#go.className = `button ${kind}`;
    say(this.#go, go);
    this.#go.disabled = false;
    this.#does = does;
    this.#dialog.showModal();
  }

  #wait() {
    this.#go.disabled = true;
    this.#problem.hidden = true;
  }

  /** @param {string} problem empty = it is done */
  #done(problem) {
    if (!problem) return this.#dialog.close();
    this.#go.disabled = false;
    this.#tellProblem(problem);
  }

  /** @param {string} problem */
  #tellProblem(problem) {
    say(this.#problem, problem);
    this.#problem.hidden = false;
  }
}

customElements.define("session-dialog", SessionDialog);
