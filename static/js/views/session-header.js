/** What this session is and what it is doing. @import { Snapshot } from "../store.js" */

import { el, say } from "../dom.js";
import { agentState } from "../format.js";

export class SessionHeader extends HTMLElement {
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
    const title = state.title || "New session";
    say(this.#title, title);
    this.#title.title = title;
    const tools = state.agent_state === "RunningTool" ? [...new Set(state.outstanding_tool_calls)] : [];
    let said = words;
    if (state.session_ended) said = "Session ended";
    else if (stopping) said = "Stopping…";
    else if (tools.length > 0) said = `Running ${tools.join(", ")}`;
    else if (draft?.content.text) said = "Answering";
    say(this.#words, said);
    this.#state.dataset.state = state.agent_state;
    // What was true when the connection broke may not be true now: shown, but not as if it were live.
    this.#state.dataset.mood = connection.status === "connected" ? mood : "unknown";
    const mark = { idle: "", working: "● ", trouble: "! " }[mood];
    const page = connection.status === "connected" ? mark : "○ ";
    document.title = `${page}${title} · ${said}`;
  }
}

customElements.define("session-header", SessionHeader);
