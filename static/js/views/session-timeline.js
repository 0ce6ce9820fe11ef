/**
 * The log on screen, however long it is: its end at once, and of the rest what is in view or near it (`card-blocks.js`).
 *
 * @import { Snapshot } from "../store.js"
 * @import { History } from "../history.js"
 * @import { MarkdownRenderer } from "../markdown.js"
 * @import { Log } from "../reducer.js"
 * @import { Message } from "../wire.js"
 * @import { Task } from "../tasks.js"
 */

import { el, want } from "../dom.js";
import { isWorking } from "../format.js";
import { pageOf } from "../history.js";
import { countOf, EMPTY } from "../reducer.js";
import { Reading } from "../reading.js";
import { CardBlocks } from "./card-blocks.js";
import { CardMaker } from "./card-maker.js";
import { EndFollower } from "./end-follower.js";
import { MessageCard } from "./message-card.js";
import { PendingList } from "./pending-list.js";
import { SpokenNews } from "./spoken-news.js";
import { ToolCard } from "./tool-card.js";
import { UnreadMarks } from "./unread-marks.js";
import { unreadOf } from "./waiting-list.js";
import { loading, welcome } from "./welcome.js";

/** A log with more to come than this is shown when it is whole, instead of racing past. */
const CATCH_UP = 300;
/** How long a message that was led to is marked. */
const MARKED_MS = 4000;

export class SessionTimeline extends HTMLElement {
  /** @type {MarkdownRenderer | null} Set before the first `show`. */
  markdown = null;
  /** @type {History | null} What lies before the log's end, if it can be had. Its pages are told by `pageCame`. */
  history = null;
  #reading = new Reading((idx) => this.history?.get(idx));
  #cards = new CardMaker({
    get: (idx) => this.#reading.get(idx),
    want: (idx) => this.history?.want(pageOf(idx)),
    markdown: () => {
      if (!this.markdown) throw new Error("the timeline needs a renderer before its first message");
      return this.markdown;
    },
  });
  #blocks = new CardBlocks(this, {
    build: (idx) => this.#build(idx),
    drop: (block) => this.#cards.drop(block),
    near: (block, isNear) => this.#cards.near(block, isNear),
    has: (idx) => this.#reading.get(idx) !== undefined,
    want: (page) => this.history?.want(page),
    begin: () => this.#end.notice(),
    settle: () => this.#end.adjust(),
  });
  #draftSlot = el("div", { class: "cards" });
  #queue = new PendingList();
  #empty = el("div", { class: "welcome-slot" });
  #news = new SpokenNews();
  #unread = new UnreadMarks();
  #content = el("div", { class: "log" }, this.#blocks.element, this.#draftSlot, this.#queue);
  #end = new EndFollower(this, this.#content);
  #log = EMPTY;
  /** @type {readonly Task[]} */
  #tasks = [];
  #catchingUp = false;
  /** Whether all that was there has been shown: what comes from now on is news, be it the first message. */
  #isCurrent = false;
  /** @type {MessageCard | null} */
  #draft = null;
  /** The message to lead to once it is here; -1 = none. */
  #sought = -1;

  connectedCallback() {
    this.append(this.#empty, this.#content, this.#end.pill, this.#news);
    this.addEventListener("click", (event) => this.#opened(event.target), { capture: true });
    this.addEventListener("filling", (event) => this.#hold(event.target));
    this.addEventListener("scroll", () => this.#blocks.look(), { passive: true });
    // Another size of the view, or of what is in it, brings other blocks near.
    const resized = new ResizeObserver(() => requestAnimationFrame(() => this.#blocks.look()));
    resized.observe(this);
    resized.observe(this.#content);
    setInterval(() => this.hasAttribute("data-stale") || this.#cards.tick(Date.now()), 1000);
  }

  /** @param {Snapshot} snapshot */
  show(snapshot) {
    this.#end.notice();
    const { log, pending, connection } = snapshot;
    this.#showConnected(connection.status === "connected");
    const isOther = log.generation !== this.#log.generation || log.log !== this.#log.log;
    if (isOther) {
      this.history?.clear();
      this.markdown?.clear();
    }
    // Also of the same log less may be shown than before: as it was some time ago.
    if (isOther || countOf(log) < this.#reading.count) this.#clear();
    this.#log = log;
    this.#tasks = snapshot.tasks?.tasks ?? [];
    this.#take();
    this.#showDraft();
    this.#showOpen();
    const empty = this.#catchingUp || (countOf(log) === 0 && pending.length === 0 && !log.draft);
    this.#empty.hidden = !empty;
    this.#end.empty = empty;
    // Who has just written wants to see it, wherever they were reading.
    if (this.#queue.show(pending)) this.#end.toEnd();
    if (this.#catchingUp) loading(this.#empty, log.messages.length, log.announced - log.base);
    else if (empty) welcome(this.#empty, snapshot, (text) => want(this, { kind: "suggest", text }));
    this.#isCurrent ||= log.state !== null && countOf(log) >= log.announced;
    this.#end.adjust();
    this.#blocks.look();
    this.#unread.show(this, unreadOf(log));
    this.#seek();
  }

  /** A page of the history is here. @param {number} page */
  pageCame(page) {
    this.#end.notice();
    this.#learn(this.#reading.came(page));
    this.#end.adjust();
    this.#blocks.look();
    this.#showOpen();
    this.#end.adjust();
    this.#seek();
  }

  /** Lead the reader to message `idx`, wherever in the log it is, and mark it. @param {number} idx */
  reveal(idx) {
    this.#sought = idx;
    this.#seek();
  }

  /** Without a connection nothing that ran is known to run. @param {boolean} yes */
  #showConnected(yes) {
    if (yes !== this.hasAttribute("data-stale")) return;
    this.toggleAttribute("data-stale", !yes);
    for (const card of this.querySelectorAll("tool-card")) if (card instanceof ToolCard) card.settle();
  }

  /** @param {string} toolCallId */
  allowStop(toolCallId) {
    this.#cards.allowStop(toolCallId);
  }

  #clear() {
    this.#reading.clear();
    this.#catchingUp = false;
    this.#isCurrent = false;
    this.#draft = null;
    this.#draftSlot.replaceChildren();
    this.#cards.drop(this.#blocks.element);
    this.#cards.clear();
    this.#blocks.clear();
    this.#end.toEnd();
  }

  /** Take what is new in the log. */
  #take() {
    const { announced } = this.#log;
    const count = countOf(this.#log);
    const before = this.#reading.count;
    this.#catchingUp = announced - count > CATCH_UP && (this.#catchingUp || before === 0);
    if (this.#catchingUp) return;
    const fresh = this.#reading.take(this.#log);
    if (count === before) return;
    // Already here, or the log would first be looked at from its top.
    this.#end.empty = count === 0;
    this.#blocks.resize(count);
    if (this.#isCurrent) {
      this.#end.grew(count - before);
      this.#news.tell(fresh);
    }
    this.#learn(fresh);
    if (this.#end.sticking) this.#end.adjust();
    this.#blocks.look();
  }

  /** @param {readonly Message[]} messages that can be read now */
  #learn(messages) {
    let moved = false;
    for (const message of messages) {
      moved = this.#cards.add(message) || moved;
      if (message.display?.kind === "withdrawn") this.querySelector(`message-card[data-idx="${Number(message.display.idx)}"]`)?.setAttribute("data-withdrawn", "");
    }
    if (moved) for (const block of this.#cards.misplaced(this.#blocks.element)) this.#blocks.refill(block);
  }

  /** @param {number} idx */
  #build(idx) {
    const message = this.#reading.get(idx);
    // What is being written is the user's own conversation's; a sub-agent's answer comes as a whole.
    const isDraft = this.#draft && message?.type === "agent" && !message.parent_conversation_id;
    const card = this.#cards.row(idx, isDraft && idx >= this.#draftIdx ? this.#draft : null);
    if (card && card === this.#draft) this.#draft = null;
    return card;
  }

  #draftIdx = 0;

  #showDraft() {
    const { draft } = this.#log;
    if (!draft || this.#catchingUp) {
      this.#draft?.remove();
      this.#draft = null;
      return;
    }
    this.#draft ??= new MessageCard();
    this.#draftIdx = draft.idx;
    this.#draft.write(draft);
    if (this.#draft.parentElement !== this.#draftSlot) this.#draftSlot.append(this.#draft);
  }

  #showOpen() {
    this.#cards.showOpen(this.#log, this.#tasks, isOver(this.#log), this.#reading.wholeFrom);
  }

  #seek() {
    const idx = this.#sought;
    if (idx < 0 || idx >= this.#reading.count) return;
    if (!this.#reading.get(idx)) return this.history?.want(pageOf(idx));
    const block = this.#blocks.blockOf(this.#cards.rowOf(idx));
    const card = this.querySelector(`[data-idx="${idx}"]`);
    if (!card) {
      // The row that it is shown in, or a part of that row, is still to come.
      if (block && block.childElementCount === 0) this.history?.want(pageOf(this.#cards.rowOf(idx)));
      return;
    }
    this.#sought = -1;
    for (let within = card.parentElement?.closest("details"); within; within = within.parentElement?.closest("details")) {
      within.open = true;
    }
    this.#end.show(card);
    this.#blocks.look();
    this.#end.show(card);
    card.setAttribute("data-revealed", "");
    card.setAttribute("tabindex", "-1");
    if (card instanceof HTMLElement) card.focus({ preventScroll: true });
    setTimeout(() => card.removeAttribute("data-revealed"), MARKED_MS);
  }

  /** Who opens a card wants to read it: it must not be pushed away. @param {EventTarget | null} target */
  #opened(target) {
    const card =
      target instanceof Element && target.closest("summary") ? target.closest("tool-card, message-card") : null;
    this.#hold(card);
  }

  /** @param {EventTarget | null} card */
  #hold(card) {
    if (card && !(card instanceof ToolCard && card.running)) this.#end.hold();
  }
}

/** Whether nothing is at work any more, as far as this page has been told; calls without a result were cut off then. @param {Log} log */
function isOver(log) {
  const { state } = log;
  return state !== null && state.message_count === countOf(log) && !isWorking(state.agent_state);
}

customElements.define("session-timeline", SessionTimeline);
