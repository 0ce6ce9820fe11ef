/** What is shown while the server does not let this page in. @import { Connection } from "../stream.js" */

import { el, icon, want } from "../dom.js";
import { t } from "../words.js";

export class TokenGate extends HTMLElement {
  /** Whether a key was tried since the page was last let in. */
  tried = false;
  #hadFocus = false;
  #problem = el("p", { class: "problem", role: "alert", hidden: true }, t("The server did not accept that."));
  #field = el("input", { id: "token", type: "text", autocomplete: "off", spellcheck: "false", required: true });

  connectedCallback() {
    const form = el(
      "form",
      { class: "gate" },
      el("div", { class: "welcome-mark" }, icon("net-unauthorized")),
      el("h2", { text: t("This page needs its key") }),
      el("p", {
        text: t("Open the link that trio-agent printed when it started. Its end, after #token=, is the key to this server."),
      }),
      el("label", { for: "token", text: t("Or paste the link or the token here") }),
      el(
        "div",
        { class: "gate-row" },
        this.#field,
        el("button", { class: "button primary", type: "submit", text: t("Open") }),
      ),
      this.#problem,
    );
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      const given = this.#field.value.trim();
      this.#field.value = "";
      want(this, { kind: "token", token: given.split("#token=").at(-1) ?? "" });
    });
    this.append(form);
  }

  /**
   * @param {Pick<Connection, "status">} connection
   * @returns {boolean} whether the page was let in just now, and the focus that was here has gone nowhere
   */
  show({ status }) {
    const barred = status === "unauthorized";
    const wasShown = !this.hasAttribute("hidden");
    if (wasShown && !barred) this.#hadFocus = this.contains(document.activeElement);
    if (status === "connected") return this.#letIn();
    if (barred === wasShown) return false;
    this.toggleAttribute("hidden", !barred);
    this.#problem.hidden = !this.tried;
    if (barred) this.#field.focus();
    return false;
  }

  #letIn() {
    this.setAttribute("hidden", "");
    const lost = this.#hadFocus && (document.activeElement === document.body || this.contains(document.activeElement));
    this.#hadFocus = this.tried = false;
    return lost;
  }
}

customElements.define("token-gate", TokenGate);
