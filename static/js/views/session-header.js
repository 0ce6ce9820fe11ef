/** What this session is and what it is doing. @import { Snapshot } from "../store.js" */

import { el, say } from "../dom.js";
import { faceOf } from "../face.js";
import { agentState } from "../format.js";
import { t } from "../words.js";

export class SessionHeader extends HTMLElement {
  /** How many moments that called for the user have not been seen. */
  missed = 0;
  #title = el("h1", { text: "trio-agent" });
  #state = el("span", { class: "agent-state", id: "agent-state", role: "status", "aria-live": "polite" });
  #words = el("span", {});

  connectedCallback() {
    this.#state.append(el("span", { class: "state-mark", "aria-hidden": "true" }), this.#words);
    this.append(this.#title, this.#state);
  }

  /** @param {Snapshot} snapshot */
  show({ log: { state, draft }, connection, stopping }) {
    if (!state) return;
    const { words, mood } = agentState(state.agent_state);
    const title = state.title || t("New session");
    say(this.#title, title);
    this.#title.title = title;
    const tools = state.agent_state === "RunningTool" ? [...new Set(state.outstanding_tool_calls)] : [];
    let said = words;
    if (state.session_ended) said = t("Session ended");
    else if (stopping) said = t("Stopping…");
    else if (tools.length > 0) said = t("Running {tools}", { tools: tools.join(", ") });
    else if (draft?.content.text) said = t("Answering");
    say(this.#words, said);
    this.#state.dataset.state = state.agent_state;
    // What was true when the connection broke may not be true now: shown, but not as if it were live.
    const live = connection.status === "connected";
    this.#state.dataset.mood = live ? mood : "unknown";
    const mark = { idle: "", working: "● ", trouble: "! " }[mood];
    const missed = this.missed > 0 ? `(${this.missed}) ` : "";
    document.title = live ? `${missed}${mark}${title} · ${said}` : `${missed}○ ${title} · ${faceOf(connection).words}`;
  }
}

customElements.define("session-header", SessionHeader);
