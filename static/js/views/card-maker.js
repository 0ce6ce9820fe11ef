/**
 * Makes the log's cards and puts each message where it belongs: in a row of its own, in the card of the call that it answers,
 * or, of a sub-agent, under the call that began it. Cards may be made in any order, and again after they were dropped.
 *
 * @import { Message, ToolCall } from "../wire.js"
 * @import { MarkdownRenderer } from "../markdown.js"
 * @import { Log } from "../reducer.js"
 * @import { Task } from "../tasks.js"
 */

import { Links } from "../links.js";
import { MessageCard } from "./message-card.js";
import { ToolCard } from "./tool-card.js";

export class CardMaker {
  /**
   * @param {{
   *   get: (idx: number) => Message | undefined, want: (idx: number) => void, markdown: () => MarkdownRenderer,
   * }} source  `get`: the message, if it can be read. `want`: have it come; it is then told by `add`.
   */
  constructor({ get, want, markdown }) {
    this.#get = get;
    this.#want = want;
    this.#markdown = markdown;
  }

  #get;
  #want;
  #markdown;
  #links = new Links();
  /** @type {Map<string, ToolCard>} Cards of calls that are in the document; see `nameOf`. */
  #calls = new Map();
  /** @type {Map<ToolCard, number>} Those without a result, and the index of the message that makes the call. */
  #open = new Map();
  /** @type {Set<number>} Messages of the user's that were taken back. */
  #withdrawn = new Set();
  /** @type {Map<string, MessageCard>} Questions without an answer yet, by the call that asks. */
  #questions = new Map();

  clear() {
    this.#links = new Links();
    this.#calls.clear();
    this.#open.clear();
    this.#questions.clear();
    this.#withdrawn.clear();
  }

  /**
   * Learn of a message, and put it where it belongs if that is in a card that is there. A message may be told again.
   * @param {Message} message
   * @returns {boolean} whether messages that have cards may now be known to belong elsewhere; see `misplaced`
   */
  add(message) {
    const moved = this.#links.add(message);
    const { kind, idx } = message.display ?? {};
    if (kind === "withdrawn" && message.type === "auto") this.#withdrawn.add(Number(idx));
    const home = this.#links.homeOf(message);
    const call = home ? this.#calls.get(nameOf(home)) : undefined;
    if (message.type === "tool" && message.tool_call_id) {
      this.#closeQuestion(message.tool_call_id);
    }
    if (home && this.#links.answerTo(home.id, home.maker) === message.idx) {
      if (call && this.#open.delete(call)) call.finish(message);
    } else if (call && !call.has(message.idx)) {
      call.nest(this.#card(message), message);
      if (call.closest(".near")) this.near(call, true);
    }
    return moved;
  }

  /** The blocks that hold a card which belongs elsewhere by now, and those where it belongs. @param {Element} within @returns {Set<Element>} */
  misplaced(within) {
    /** @type {Set<Element>} */
    const blocks = new Set();
    const note = (/** @type {Element | undefined} */ card) => {
      const block = card?.closest(".block");
      if (block) blocks.add(block);
    };
    for (const card of within.querySelectorAll(".block [data-idx]")) {
      if (!(card instanceof HTMLElement)) continue;
      const message = this.#get(Number(card.dataset.idx));
      const home = message && this.#links.homeOf(message);
      const belongs = home ? nameOf(home) : "";
      const stands = card.dataset.call ?? card.parentElement?.closest("tool-card")?.getAttribute("data-call") ?? "";
      // Of one whose page was let go of nobody can tell.
      if (message ? belongs === stands : card.dataset.orphan === undefined) continue;
      note(card);
      note(this.#calls.get(belongs));
    }
    return blocks;
  }

  /** The index of the row in which the message is shown. @param {number} idx */
  rowOf(idx) {
    const message = this.#get(idx);
    return message ? this.#links.rowOf(message, this.#get) : idx;
  }

  /** The card of a row; null for a message that is shown in another's. @param {number} idx @param {MessageCard | null} draft shows its beginning */
  row(idx, draft) {
    const message = this.#get(idx);
    if (!message || this.#links.homeOf(message)) return null;
    return this.#card(message, draft);
  }

  /** @param {HTMLElement} within a block, or part of one @param {boolean} isNear the view */
  near(within, isNear) {
    for (const card of within.querySelectorAll("message-card")) {
      if (card instanceof MessageCard) this.#markdown().near(card.text, isNear);
    }
  }

  /** The cards in `block` are about to go. @param {HTMLElement} block */
  drop(block) {
    for (const card of block.querySelectorAll("tool-card")) {
      if (!(card instanceof ToolCard)) continue;
      this.#open.delete(card);
      this.#calls.delete(card.dataset.call ?? "");
    }
    for (const card of block.querySelectorAll("message-card")) {
      if (!(card instanceof MessageCard)) continue;
      this.#markdown().forget(card.text);
      if (this.#questions.get(card.dataset.question ?? "") === card) this.#questions.delete(card.dataset.question ?? "");
    }
  }

  /**
   * Show how it stands with the calls that have no result.
   * @param {Log} log
   * @param {readonly Task[]} tasks what runs, as far as that is told
   * @param {boolean} over nobody works any more
   * @param {number} wholeFrom from where on all messages are here
   */
  showOpen({ outputs }, tasks, over, wholeFrom) {
    if (over) for (const id of [...this.#questions.keys()]) this.#closeQuestion(id);
    for (const [card, maker] of this.#open) {
      card.setLive(outputs.get(card.dataset.toolCallId ?? "") ?? null);
      // Of the past, the answer may stand on a page that is not here.
      const status = maker < wholeFrom ? "unknown" : over ? "interrupted" : "running";
      if (card.dataset.status !== status) card.setStatus(status);
      const task = tasks.find(({ kind, toolCallId }) => kind === "tool" && toolCallId === card.dataset.toolCallId);
      if (task) card.runsSince(task.since);
    }
  }

  /** @param {number} nowMs Unix milliseconds */
  tick(nowMs) {
    for (const card of this.#open.keys()) card.tick(nowMs);
  }

  /** @param {string} toolCallId */
  allowStop(toolCallId) {
    for (const card of this.#open.keys()) if (card.dataset.toolCallId === toolCallId) card.allowStop();
  }

  /** @param {Message} message @param {MessageCard | null} draft @returns {MessageCard | ToolCard} */
  #card(message, draft = null) {
    if (message.type === "tool") {
      // Its call is not on this page: the log begins after it, or its page has not come.
      const { tool_name: name = "tool", input = "", tool_call_id = "" } = message;
      const card = new ToolCard();
      card.show({ name, input, tool_call_id });
      card.finish(message);
      card.dataset.orphan = "";
      return card;
    }
    const card = draft ?? new MessageCard();
    card.show(message, { markdown: this.#markdown(), call: (call) => this.#call(call, message.idx) });
    card.toggleAttribute("data-orphan", Boolean(message.parent_conversation_id) && !this.#links.homeOf(message));
    card.toggleAttribute("data-withdrawn", this.#withdrawn.has(message.idx));
    const asks = card.dataset.question;
    if (asks && !this.#links.isAnswered(asks, message.idx)) this.#questions.set(asks, card);
    else if (asks) card.closeQuestion();
    return card;
  }

  /** @param {ToolCall} call @param {number} maker index of its message */
  #call(call, maker) {
    const card = new ToolCard();
    const { tool_call_id: id } = call;
    card.show(call);
    card.dataset.call = nameOf({ id, maker });
    this.#calls.set(card.dataset.call, card);
    for (const idx of this.#links.saidUnder(id, maker)) {
      const said = this.#get(idx);
      const home = said && this.#links.homeOf(said);
      if (!said) this.#want(idx);
      else if (home?.id === id && home.maker === maker) card.nest(this.#card(said), said);
    }
    const answered = this.#links.answerTo(id, maker);
    const answer = this.#get(answered);
    if (answer) card.finish(answer);
    else this.#open.set(card, maker);
    if (answered >= 0 && !answer) this.#want(answered);
    return card;
  }

  /** @param {string} toolCallId */
  #closeQuestion(toolCallId) {
    this.#questions.get(toolCallId)?.closeQuestion();
    this.#questions.delete(toolCallId);
  }
}

/** Of a call, whose id may be used again later. @param {{ id: string, maker: number }} call */
const nameOf = ({ id, maker }) => `${maker} ${id}`;
