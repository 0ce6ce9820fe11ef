/** What is shown while the server does not let this page in. */

import { el, icon, want } from "../dom.js";

export class TokenGate extends HTMLElement {
  #field = el("input", { id: "token", type: "password", autocomplete: "off", spellcheck: "false", required: true });

  connectedCallback() {
    const form = el(
      "form",
      { class: "gate" },
      el("div", { class: "welcome-mark" }, icon("net-unauthorized")),
      el("h2", { text: "This page needs its key" }),
      el("p", { text: "Open the link that trio-agent printed when it started. Its end, after #token=, is the key to this server." }),
      el("label", { for: "token", text: "Or paste the link or the token here" }),
      el("div", { class: "gate-row" }, this.#field, el("button", { class: "button primary", type: "submit", text: "Open" })),
    );
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      const given = this.#field.value.trim();
      this.#field.value = "";
      want(this, { kind: "token", token: given.split("#token=").at(-1) ?? "" });
    });
    this.append(form);
  }
}

customElements.define("token-gate", TokenGate);
