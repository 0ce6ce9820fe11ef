/**
 * Tells readers of screens what has come, without chattering: whole messages only, those that are for the user, the last one
 * where several came at once, its beginning where it is long, and no signs of Markdown. What is being written, tools and notes
 * are not told.
 *
 * @import { Message } from "../wire.js"
 */

import { plainWords } from "../plain-words.js";
import { inProse } from "../shown.js";
import { t } from "../words.js";

const MOST_CHARS = 300;

export class SpokenNews extends HTMLElement {
  connectedCallback() {
    this.className = "visually-hidden";
    this.setAttribute("role", "status");
  }

  /** @param {readonly Message[]} messages that have just come */
  tell(messages) {
    const message = messages.findLast(isNews);
    if (!message) return;
    const isMarkdown = message.type === "agent";
    const text = isMarkdown ? plainWords(message.content) : message.content.trim();
    const words = text.length > MOST_CHARS ? `${text.slice(0, MOST_CHARS)} …` : text;
    this.textContent = inProse(isMarkdown ? t("Agent: {text}", { text: words }) : words);
  }
}

/** @param {Message} message */
function isNews({ type, content, end_of_turn, parent_conversation_id, display }) {
  if (parent_conversation_id || content.trim() === "") return false;
  return (type === "agent" && end_of_turn) || type === "error" || type === "budget" || display?.kind === "question";
}

customElements.define("spoken-news", SpokenNews);
