/** What can be done with a session of the list, and the questions that follow. @import { SessionSummary } from "../wire.js" */

import { want } from "../dom.js";
import { t } from "../words.js";
import { ActionMenu } from "./action-menu.js";
import { SessionDialog } from "./session-dialog.js";

export class SessionMenu extends HTMLElement {
  #dialog = new SessionDialog();

  connectedCallback() {
    this.append(this.#dialog);
  }

  /** @param {HTMLElement} at @param {SessionSummary} session */
  open(at, session) {
    const { session_id: sessionId, archived } = session;
    const archive = () =>
      want(this, {
        kind: "change-session",
        sessionId,
        change: { archived: !archived },
        done: (problem) => problem && this.#dialog.tell(session, problem),
      });
    ActionMenu.shared.open(at, [
      { shape: "edit", words: t("Rename…"), does: () => this.#dialog.rename(session) },
      { shape: "archive", words: archived ? t("Take out of the archive") : t("Archive"), does: archive },
      { shape: "delete", words: t("Delete…"), does: () => this.#dialog.delete(session), danger: true },
    ]);
  }
}

customElements.define("session-menu", SessionMenu);
