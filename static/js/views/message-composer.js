/** Where the user writes. Enter sends, Shift+Enter breaks the line. @import { Snapshot } from "../store.js" */

import { el, icon, want } from "../dom.js";
import { isWorking } from "../format.js";

export class MessageComposer extends HTMLElement {
  #prompt = el("textarea", {
    id: "prompt",
    rows: 1,
    placeholder: "Ask for a change…",
    autocomplete: "off",
    "aria-describedby": "prompt-hint",
  });
  #send = el(
    "button",
    {
      id: "send",
      type: "submit",
      class: "button primary",
      disabled: true,
      "aria-label": "Send",
      title: "Send (Enter)",
    },
    icon("send"),
  );
  #cancel = el(
    "button",
    { id: "cancel", type: "button", class: "button", disabled: true, title: "Stop the agent" },
    icon("stop"),
    el("span", { text: "Stop" }),
  );
  #hint = el("span", { class: "hint", id: "prompt-hint" });

  connectedCallback() {
    const form = el(
      "form",
      { class: "composer" },
      el("label", { class: "visually-hidden", for: "prompt", text: "Message to the agent" }),
      this.#prompt,
      el("div", { class: "composer-row" }, this.#hint, this.#cancel, this.#send),
    );
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      this.#submit();
    });
    this.#prompt.addEventListener("keydown", (event) => {
      // While a word is being composed (isComposing, or 229 in Safari) Enter chooses it.
      if (event.key !== "Enter" || event.shiftKey || event.isComposing || event.keyCode === 229) return;
      event.preventDefault();
      this.#submit();
    });
    this.#prompt.addEventListener("input", () => this.#edited());
    this.#cancel.addEventListener("click", () => want(this, { kind: "cancel", toolCallId: "" }));
    this.append(form);
  }

  /** @param {Snapshot} snapshot */
  show({ log: { state }, connection, stopping }) {
    const working = state !== null && isWorking(state.agent_state);
    this.#cancel.disabled = !working || stopping || connection.status !== "connected";
    this.#cancel.hidden = !working;
    const ended = connection.status === "ended" || (state?.session_ended ?? false);
    this.#prompt.disabled = ended;
    this.#prompt.placeholder = ended
      ? "This session has ended"
      : working
        ? "Add something while it works…"
        : "Ask for a change…";
    this.#hint.textContent = working
      ? "The agent reads this before its next step"
      : "Enter sends, Shift+Enter breaks the line";
    this.#send.disabled = ended || this.#prompt.value.trim() === "";
  }

  /** Put `text` before the user, to send or to change. @param {string} text */
  write(text) {
    this.#prompt.value = text;
    this.#edited();
  }

  get text() {
    return this.#prompt.value;
  }

  focusPrompt() {
    this.#prompt.focus();
  }

  #submit() {
    const text = this.#prompt.value.trim();
    if (!text || this.#prompt.disabled) return;
    want(this, { kind: "send", text });
    this.write("");
  }

  #edited() {
    this.#send.disabled = this.#prompt.disabled || this.#prompt.value.trim() === "";
    // Back to one row first: scrollHeight never shrinks below the height that is set.
    this.#prompt.style.height = "";
    this.#prompt.style.height = `${this.#prompt.scrollHeight}px`;
    want(this, { kind: "draft", text: this.#prompt.value });
  }
}

customElements.define("message-composer", MessageComposer);
