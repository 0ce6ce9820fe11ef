/**
 * The likely answers to a question of the agent's. A press sends one as the user's own words; the user may also write another.
 */

import { el, want } from "../dom.js";
import { t } from "../words.js";

export class QuestionOptions extends HTMLElement {
  /** @param {readonly string[]} options */
  show(options) {
    this.setAttribute("role", "group");
    this.setAttribute("aria-label", t("Answers"));
    this.replaceChildren(
      ...options.map((text) =>
        el("button", { class: "button", type: "button", text, onClick: () => this.#answer(text) }),
      ),
    );
  }

  /** It was answered, or nobody waits for an answer any more. */
  close() {
    const hadFocus = this.contains(document.activeElement) && document.activeElement?.matches(":focus-visible");
    this.hidden = true;
    // What had the keyboard's focus is gone: on to the field. A finger would find a keyboard over the page there.
    if (hadFocus) want(this, { kind: "now" });
  }

  /** @param {string} text */
  #answer(text) {
    this.close();
    want(this, { kind: "send", text });
  }
}

/**
 * The question that a message puts to the user, if it does.
 * @param {Record<string, unknown> | undefined} display
 * @returns {{ question: string, options: string[], toolCallId: string } | null}
 */
export function questionOf(display) {
  if (display?.kind !== "question") return null;
  const { question, options, tool_call_id: toolCallId } = display;
  if (typeof question !== "string" || typeof toolCallId !== "string" || !Array.isArray(options)) return null;
  return { question, options: options.filter((each) => typeof each === "string"), toolCallId };
}

customElements.define("question-options", QuestionOptions);
