/**
 * What this session is and what it is doing.
 *
 * @import { Doing } from "../doing.js"
 * @import { Snapshot } from "../store.js"
 */

import { el, say } from "../dom.js";
import { faceOf } from "../face.js";
import { inProse } from "../shown.js";
import { hasFailed } from "../summons.js";
import { t } from "../words.js";

const MARKS = { idle: "", working: "● ", asks: "? ", trouble: "! " };

export class SessionHeader extends HTMLElement {
  /** How many moments that called for the user have not been seen. */
  missed = 0;
  #title = el("h1", { text: "trio-agent" });
  #state = el("span", { class: "agent-state", id: "agent-state" });
  #words = el("span", {});
  /** For readers of screens, who are not told of every step. */
  #told = el("span", { class: "visually-hidden", role: "status" });
  /** Whether they know that the agent is in a turn; null until the first look, which is no news. @type {boolean | null} */
  #inTurn = null;

  connectedCallback() {
    this.#state.append(el("span", { class: "state-mark", "aria-hidden": "true" }), this.#words);
    this.append(this.#title, this.#state, this.#told);
  }

  /** @param {Snapshot} snapshot @param {Doing | null} doing @param {boolean} [away] whether the page shows an earlier moment */
  show({ log, connection }, doing, away = false) {
    const { state } = log;
    if (!state || !doing) return;
    const title = inProse(state.title || t("New session"));
    say(this.#title, title);
    this.#title.title = title;
    say(this.#words, away ? t("Earlier · now: {doing}", { doing: doing.words }) : doing.words);
    this.#state.dataset.state = state.agent_state;
    // What was true when the connection broke may not be true now: shown, but not as if it were live.
    const live = connection.status === "connected";
    this.#state.dataset.mood = live ? doing.mood : "unknown";
    const missed = this.missed > 0 ? `(${this.missed}) ` : "";
    document.title = live
      ? `${missed}${MARKS[doing.mood]}${title} · ${doing.words}`
      : `${missed}○ ${title} · ${faceOf(connection).words}`;
    if (live) this.#tell(doing, log);
  }

  /** That work begins, that it asks, and what came of it: once each. @param {Doing} doing @param {Snapshot["log"]} log */
  #tell({ mood }, log) {
    const wasInTurn = this.#inTurn;
    this.#inTurn = mood === "working" || mood === "asks";
    if (wasInTurn === null) return;
    if (mood === "asks") say(this.#told, t("The agent asks"));
    else if (!wasInTurn && this.#inTurn) say(this.#told, t("The agent is at work"));
    else if (wasInTurn && !this.#inTurn) say(this.#told, hasFailed(log) ? t("The agent has stopped") : t("The agent is done"));
    // It may ask again.
    else if (this.#told.textContent === t("The agent asks")) say(this.#told, "");
  }
}

customElements.define("session-header", SessionHeader);
