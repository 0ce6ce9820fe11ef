/**
 * The log on screen: one element a message, appended once, in slices that never hold up a frame.
 *
 * @import { Snapshot } from "../store.js"
 * @import { Message, State } from "../wire.js"
 * @import { MarkdownRenderer } from "../markdown.js"
 */

import { el, want } from "../dom.js";
import { isWorking } from "../format.js";
import { countOf } from "../reducer.js";
import { EndFollower } from "./end-follower.js";
import { MessageCard } from "./message-card.js";
import { PendingList } from "./pending-list.js";
import { ToolCard } from "./tool-card.js";
import { loading, welcome } from "./welcome.js";

/** Time for appending in one frame; the rest of a 60 Hz frame is the browser's. */
const SLICE_MS = 8;
/**
 * Cards in one block. Blocks out of sight are not laid out at all, so a log of ten thousands costs what its blocks cost;
 * with content-visibility on each card instead, every new message still visited all the others.
 */
const BLOCK_CARDS = 40;
/** A log with more to come than this is shown when it is whole, instead of racing past. */
const CATCH_UP = 300;

export class SessionTimeline extends HTMLElement {
  /** @type {MarkdownRenderer | null} Set before the first `show`. */
  markdown = null;
  #list = el("div", { class: "cards" });
  #queue = new PendingList();
  #end = new EndFollower(this, this.#list);
  #empty = el("div", { class: "welcome-slot" });
  /** @type {HTMLElement | null} The last block, which grows. */
  #block = null;
  #generation = 0;
  #shown = 0;
  #catchingUp = false;
  #slicing = false;
  /** @type {Snapshot | null} */
  #snapshot = null;
  /** @type {MessageCard | null} */
  #draft = null;
  /** @type {Map<string, ToolCard>} Calls without their result yet, by tool_call_id. */
  #calls = new Map();
  /** @type {Map<string, MessageCard>} Questions without an answer yet, by the call that asks. */
  #questions = new Map();

  connectedCallback() {
    this.append(this.#empty, this.#list, this.#queue, this.#end.pill);
    this.addEventListener("click", (event) => this.#opened(event.target), { capture: true });
    setInterval(() => this.#tick(), 1000);
  }

  /** @param {Snapshot} snapshot */
  show(snapshot) {
    this.#snapshot = snapshot;
    const { log, pending } = snapshot;
    if (log.generation !== this.#generation) this.#clear(log.generation);
    this.#append();
    this.#showDraft();
    this.#showCalls();
    // Who has just written wants to see it, wherever they were reading.
    if (this.#queue.show(pending)) this.#end.toEnd();
    const empty = this.#catchingUp || (countOf(log) === 0 && pending.length === 0 && !log.draft);
    this.#empty.hidden = !empty;
    if (this.#catchingUp) loading(this.#empty, this.#shown, log.announced);
    else if (empty) welcome(this.#empty, snapshot, (text) => want(this, { kind: "suggest", text }));
    this.#end.stick();
  }

  /** @param {string} toolCallId */
  allowStop(toolCallId) {
    this.#calls.get(toolCallId)?.allowStop();
  }

  /** @param {number} generation */
  #clear(generation) {
    this.#generation = generation;
    this.#shown = 0;
    this.#draft = null;
    this.#block = null;
    this.#calls.clear();
    this.#questions.clear();
    this.markdown?.clear();
    this.#list.replaceChildren();
    this.#end.toEnd();
  }

  #append() {
    const log = this.#snapshot?.log;
    if (!log || this.#slicing) return;
    const from = this.#shown;
    const behind = log.announced - log.base - from;
    this.#catchingUp = behind > CATCH_UP && (this.#catchingUp || from === 0);
    this.#list.classList.toggle("catching-up", this.#catchingUp);
    const deadline = performance.now() + SLICE_MS;
    const fragment = document.createDocumentFragment();
    while (this.#shown < log.messages.length && performance.now() < deadline) {
      this.#place(/** @type {Message} */ (log.messages[this.#shown]), fragment);
      this.#shown += 1;
    }
    this.#extend(fragment);
    this.#end.grew(this.#shown - from);
    if (this.#shown < log.messages.length) {
      this.#slicing = true;
      setTimeout(() => {
        this.#slicing = false;
        if (this.#snapshot) this.show(this.#snapshot);
      });
    }
  }

  /** @param {DocumentFragment} cards */
  #extend(cards) {
    while (cards.firstChild) {
      if (!this.#block || this.#block.childElementCount >= BLOCK_CARDS) {
        this.#block = el("div", { class: "block" });
        this.#list.append(this.#block);
      }
      this.#block.append(...[...cards.childNodes].slice(0, BLOCK_CARDS - this.#block.childElementCount));
    }
  }

  /** @param {Message} message @param {DocumentFragment} fragment */
  #place(message, fragment) {
    if (message.type === "tool") this.#closeQuestion(message.tool_call_id ?? "");
    const call = message.type === "tool" && message.tool_call_id ? this.#calls.get(message.tool_call_id) : undefined;
    if (call) {
      call.finish(message);
      this.#calls.delete(message.tool_call_id ?? "");
      return;
    }
    if (message.type === "tool") {
      // Its call is not on this page: the log begins after it, or the tool belongs to a conversation of its own.
      const { tool_name = "tool", input = "", tool_call_id = "" } = message;
      const card = new ToolCard();
      card.show({ name: tool_name, input, tool_call_id }, 0);
      card.finish(message);
      fragment.append(card);
      return;
    }
    // What is being written is the user's own conversation's; a sub-agent's answer comes as a whole.
    const isDraft = message.type === "agent" && !message.parent_conversation_id;
    const card = isDraft && this.#draft ? this.#draft : new MessageCard();
    if (card === this.#draft) this.#draft = null;
    if (!this.markdown) throw new Error("the timeline needs a renderer before its first message");
    for (const each of card.show(message, this.markdown)) this.#calls.set(each.dataset.toolCallId ?? "", each);
    if (card.dataset.question) this.#questions.set(card.dataset.question, card);
    fragment.append(card);
  }

  /** @param {string} toolCallId */
  #closeQuestion(toolCallId) {
    this.#questions.get(toolCallId)?.closeQuestion();
    this.#questions.delete(toolCallId);
  }

  #showDraft() {
    const log = this.#snapshot?.log;
    if (!log || this.#shown < log.messages.length) return;
    if (!log.draft) {
      this.#draft?.remove();
      this.#draft = null;
      return;
    }
    this.#draft ??= new MessageCard();
    this.#draft.write(log.draft);
    if (this.#draft === this.#block?.lastElementChild) return;
    const fragment = document.createDocumentFragment();
    fragment.append(this.#draft);
    this.#extend(fragment);
  }

  #showCalls() {
    const log = this.#snapshot?.log;
    if (!log) return;
    const over = isOver(log.state, countOf(log));
    if (over) for (const id of [...this.#questions.keys()]) this.#closeQuestion(id);
    for (const [id, card] of this.#calls) {
      card.setLive(log.outputs.get(id) ?? null);
      if (card.running === over) card.setStatus(over ? "interrupted" : "running");
    }
  }

  #tick() {
    const now = Date.now();
    for (const card of this.#calls.values()) card.tick(now);
  }

  /** Who opens a card wants to read it: it must not be pushed away. @param {EventTarget | null} target */
  #opened(target) {
    const card =
      target instanceof Element && target.closest("summary") ? target.closest("tool-card, message-card") : null;
    if (!card || (card instanceof ToolCard && card.running)) return;
    this.#end.hold();
  }
}

/**
 * Whether nothing is at work any more, as far as this page has been told; calls without a result were cut off then.
 * @param {State | null} state
 * @param {number} count
 */
function isOver(state, count) {
  return state !== null && state.message_count === count && !isWorking(state.agent_state);
}

customElements.define("session-timeline", SessionTimeline);
