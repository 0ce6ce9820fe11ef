/**
 * One message of the log, or one that is still being written. The card that showed the text arriving becomes the card of
 * the finished message, so nothing jumps.
 *
 * @import { Message, ToolCall } from "../wire.js"
 * @import { Draft } from "../reducer.js"
 * @import { MarkdownRenderer } from "../markdown.js"
 */

import { breakOf, toldOf } from "../breaks.js";
import { el, icon, say, want } from "../dom.js";
import { clockTime, dollars, elapsed, tokens } from "../format.js";
import { counted, t } from "../words.js";
import { copyButton } from "./copy-button.js";
import { grow } from "./growing-text.js";
import { MessageActions } from "./message-actions.js";
import { filesOf, MessageFiles } from "./message-files.js";
import { QuestionOptions, questionOf } from "./question-options.js";

/** What the reader is told of who speaks, or of what happened. @param {string} type */
function speaker(type) {
  const names = {
    user: t("You"),
    agent: t("Agent"),
    error: t("Error"),
    budget: t("Budget"),
    tool: t("Tool"),
    commit: t("Commit"),
    auto: t("Note"),
    compact: t("Earlier conversation, summarised"),
    "break-user": t("Stopped by you"),
    "break-fork": t("Cut off by the fork"),
    "break-restart": t("Cut off by a restart"),
  };
  return /** @type {Record<string, string>} */ (names)[type] ?? type;
}

/** What is set off by a word and a picture, for colour alone says nothing to some. @type {Record<string, string>} */
const LABELLED = { error: "warning", budget: "budget", compact: "compact", "break-user": "stop", "break-fork": "fork", "break-restart": "interrupted" };

/** Longer notes than this may scroll within their card, on the smallest of screens. */
const LONG_NOTE = 200;

export class MessageCard extends HTMLElement {
  #text = el("div", { class: "text" });
  #thinking = el("div", { class: "thinking-text" });
  /** @type {HTMLDetailsElement | null} */
  #thoughts = null;
  #foot = el("footer", { class: "card-foot" });
  #actions = new MessageActions();
  #tools = el("div", { class: "tools", hidden: true });
  #built = false;

  /** @param {string} type @param {string} [told] what it is told as, if not as its type */
  #build(type, told = type) {
    this.dataset.type = type;
    this.setAttribute("role", "article");
    this.setAttribute("aria-label", speaker(told));
    if (this.#built) return;
    this.#built = true;
    const label = LABELLED[told];
    if (label) this.append(el("p", { class: "card-label" }, icon(label), speaker(told)));
    this.append(this.#text, this.#tools, this.#foot);
  }

  /** @param {Draft} draft */
  write(draft) {
    this.#build("agent");
    this.dataset.draft = "";
    if (draft.thinking.text) this.#showThinking(draft.thinking.text, true);
    grow(this.#text, draft.content.text);
    this.classList.toggle("writing", draft.content.text !== "");
    this.classList.toggle("pondering", draft.content.text === "");
    if (this.#thoughts && draft.content.text) this.#thoughts.classList.remove("live");
  }

  /**
   * @param {Message} message
   * @param {{ markdown: MarkdownRenderer, call: (call: ToolCall) => HTMLElement }} made
   *   `call` makes the card of a call.
   */
  show(message, { markdown, call }) {
    delete this.dataset.draft;
    this.classList.remove("writing", "pondering");
    this.dataset.idx = String(message.idx);
    const broke = breakOf(message);
    this.#build(message.type, broke && `break-${broke}`);
    if (broke) this.dataset.break = broke;
    if (message.parent_conversation_id) this.dataset.sub = "";
    if (message.end_of_turn) this.dataset.final = "";
    if (message.thinking) this.#showThinking(message.thinking, false);
    else this.#thoughts?.remove();
    const told = toldOf(message);
    say(this.#text, told);
    this.#text.hidden = told === "";
    if ((message.type === "auto" || message.type === "compact") && told.length > LONG_NOTE) this.#scrollByKeys();
    if (message.type === "agent" && message.content) {
      markdown.watch(this.#text, message.idx, () => this.#rendered());
    }
    if (message.type === "commit") this.#showCommits(message);
    if (message.type === "user") this.#showFiles(message);
    this.#showQuestion(message);
    this.#showFoot(message);
    this.#actions.show(message.idx);
    // Where somebody speaks is a place to go on from; commits and questions have buttons of their own.
    this.#actions.hidden = (message.type !== "agent" && message.type !== "user") || this.dataset.question !== undefined;
    this.#foot.append(this.#actions);
    const cards = (message.tool_calls ?? []).map((each) => call(each));
    this.#tools.append(...cards);
    this.#tools.hidden = cards.length === 0;
    this.#tools.classList.toggle("parallel", cards.length > 1);
  }

  /** The text, which a renderer may watch. */
  get text() {
    return this.#text;
  }

  #rendered() {
    this.#text.classList.add("markdown");
    for (const wide of this.#text.querySelectorAll("pre, table")) {
      // What can be wider than the page is scrolled by keyboard, too.
      wide.setAttribute("tabindex", "0");
      if (wide.matches("pre")) wide.setAttribute("role", "group");
      if (wide.matches("pre")) wide.setAttribute("aria-label", t("Code"));
    }
    for (const pre of this.#text.querySelectorAll("pre")) {
      const box = el("div", { class: "code-box" });
      pre.replaceWith(box);
      box.append(pre, ...copyButton(() => pre.querySelector("code")?.textContent ?? pre.textContent ?? ""));
    }
  }

  #scrollByKeys() {
    for (const [name, value] of [["tabindex", "0"], ["role", "group"], ["aria-label", this.getAttribute("aria-label") ?? ""]]) {
      this.#text.setAttribute(name ?? "", value ?? "");
    }
  }

  /** @param {string} text @param {boolean} live */
  #showThinking(text, live) {
    grow(this.#thinking, text);
    if (!this.#thoughts) {
      this.#thoughts = el("details", { class: "thinking" }, el("summary", {}, t("Thinking")), this.#thinking);
      this.prepend(this.#thoughts);
    }
    this.#thoughts.classList.toggle("live", live);
  }

  /** @param {Message} message */
  #showCommits(message) {
    const commits = message.commits ?? [];
    // The content says the same in one line of text; the list says it better.
    this.#text.hidden = commits.length > 0;
    const list = commits.map((commit) =>
      el(
        "li",
        { class: "commit" },
        icon("commit"),
        el("code", { class: "hash", text: commit.hash.slice(0, 8) }),
        el("span", { class: "subject", text: commit.subject, title: commit.body }),
        commit.pushed_branch ? el("span", { class: "branch", text: commit.pushed_branch }) : null,
        el("button", {
          class: "button small",
          type: "button",
          text: t("View diff"),
          "aria-label": t("View diff of {subject}", { subject: commit.subject }),
          onClick: () => want(this, { kind: "diff", commit: commit.hash, title: commit.subject }),
        }),
      ),
    );
    if (list.length > 0) this.insertBefore(el("ul", { class: "commits" }, ...list), this.#tools);
  }

  /** @param {Message} message */
  #showFiles(message) {
    const files = filesOf(message);
    if (files.length === 0) return;
    const shown = new MessageFiles();
    shown.show(files);
    this.insertBefore(shown, this.#tools);
  }

  /** @param {Message} message */
  #showQuestion({ display }) {
    const asked = questionOf(display);
    if (!asked) return;
    this.dataset.question = asked.toolCallId;
    this.setAttribute("aria-label", t("Question"));
    this.prepend(el("p", { class: "card-label" }, icon("question"), t("Question")));
    // The content lists the options too, for those who read it as text.
    say(this.#text, asked.question);
    const options = new QuestionOptions();
    options.show(asked.options);
    this.insertBefore(options, this.#tools);
  }

  /** The question that this card asks was answered, or is so no longer. */
  closeQuestion() {
    const options = this.querySelector("question-options");
    if (options instanceof QuestionOptions) options.close();
  }

  /** @param {Message} message */
  #showFoot(message) {
    const facts = [clockTime(message.timestamp)];
    if (message.display?.kind === "cut_off") facts.push(t("cut off"));
    if (message.end_of_turn && message.turnDuration) facts.push(elapsed(message));
    const written = message.usage?.output_tokens;
    if (written) facts.push(counted("1 token", "{count} tokens", written, { count: tokens(written) }));
    if (message.usage?.cost_usd) facts.push(dollars(message.usage.cost_usd));
    say(this.#foot, facts.filter(Boolean).join(" · "));
  }
}

customElements.define("message-card", MessageCard);
