/** All sessions, newest first. @import { Snapshot } from "../store.js" */

import { el, icon, want } from "../dom.js";
import { ago, agentState, dollars, isWorking } from "../format.js";

export class SessionList extends HTMLElement {
  #list = el("ul", { class: "sessions" });
  #shown = "";

  connectedCallback() {
    const create = el(
      "button",
      { class: "button wide", type: "button", id: "new-session", onClick: () => want(this, { kind: "new-session" }) },
      icon("plus"),
      "New session",
    );
    this.append(create, el("nav", { "aria-label": "Sessions" }, this.#list));
  }

  /** @param {Snapshot} snapshot */
  show({ sessions, log: { state } }) {
    const here = state?.session_id ?? "";
    const now = Date.now();
    const rows = (sessions ?? [])
      .filter((session) => !session.archived || session.session_id === here)
      .map((session) => {
        // The stream knows the session on screen better than a list fetched some time ago.
        const live = session.session_id === here && state ? state : null;
        const doing = live?.agent_state ?? session.agent_state;
        return {
          url: session.url,
          here: live !== null,
          title: live?.title || session.title || "New session",
          mood: session.ended ? "idle" : agentState(doing).mood,
          note: [
            isWorking(doing) && !session.ended ? agentState(doing).words : ago(session.created, now),
            session.total_cost_usd > 0 ? dollars(session.total_cost_usd) : "",
            session.ended ? "ended" : "",
          ]
            .filter(Boolean)
            .join(" · "),
        };
      });
    const key = JSON.stringify(rows);
    if (key === this.#shown) return;
    this.#shown = key;
    this.#list.replaceChildren(
      ...rows.map((row) =>
        el(
          "li",
          {},
          el(
            "a",
            { href: row.url, "aria-current": row.here ? "page" : null, "data-mood": row.mood },
            el("span", { class: "session-title", text: row.title }),
            el("span", { class: "session-note", text: row.note }),
          ),
        ),
      ),
    );
  }
}

customElements.define("session-list", SessionList);
