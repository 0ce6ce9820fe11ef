/** Where a forked session came from. @import { Snapshot } from "../store.js" */

import { el, icon, say } from "../dom.js";
import { t } from "../words.js";

export class SessionOrigin extends HTMLElement {
  #link = el("a", {});

  connectedCallback() {
    this.hidden = true;
    this.append(icon("fork"), this.#link);
  }

  /** @param {Snapshot} snapshot */
  show({ roster, log: { state } }) {
    const origin = roster?.sessions.find((each) => each.session_id === state?.session_id)?.forked_from;
    this.hidden = !origin;
    if (!origin) return;
    const title = origin.title || t("New session");
    say(this.#link, t("Forked from “{title}” at message {number}", { title, number: origin.index }));
    this.#link.setAttribute("href", `sessions/${encodeURIComponent(origin.session_id)}/#message-${origin.index - 1}`);
  }
}

customElements.define("session-origin", SessionOrigin);
