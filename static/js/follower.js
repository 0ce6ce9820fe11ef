/**
 * The side of a tab that follows another one: it says what it has, is told what it lacks, and from then on takes each
 * numbered batch once. A number that is not the next, a batch that does not fit, a new term: it says hello again. Between
 * hello and welcome it takes nothing, so the welcome fits exactly what it said it had.
 *
 * It also looks after its leader: one that does not answer is frozen, hung or gone, and one that is hidden has slow timers
 * and may be frozen any moment; then a tab that is seen takes the lead.
 *
 * @import { Excerpt } from "./excerpt.js"
 * @import { Log } from "./reducer.js"
 * @import { Call, News, Word } from "./relay.js"
 * @import { World } from "./stream.js"
 * @import { StreamEvent } from "./wire.js"
 */

import { Alarms } from "./alarms.js";

/** Silence after which a leader is asked whether it is there; it costs two short posts. */
export const ASK_MS = 1000;
/** While nobody looks, a dead leader may stay unnoticed for longer. */
export const ASK_HIDDEN_MS = 15_000;
/** Without an answer for that long we cannot say that we are connected. */
export const DOUBT_MS = 900;
/** A leader busy with a long log is not dead; and taking the lead from one that lives costs no more than a new connection. */
export const PATIENCE_MS = 4000;
/** A welcome may have to wait until the leader has caught up with us, but not if it never will. */
export const JOIN_MS = 3000;
/** Tabs that are all seen do not all take the lead at the same moment. */
const TAKE_MS = 100;

export class Follower {
  /**
   * @param {Pick<World, "setTimer" | "clearTimer" | "random">} world
   * @param {string} known the greatest term heard of
   * @param {{
   *   post: (call: Call) => void, newId: () => string, log: () => Log, hidden: () => boolean,
   *   onEvents: (events: StreamEvent[]) => boolean, onExcerpt: (told: Excerpt) => boolean,
   *   onNews: (news: News | null) => void, take: () => void,
   * }} hooks  `onNews` with null: the leader does not answer. `take`: become the leader.
   */
  constructor(world, known, hooks) {
    this.#random = world.random;
    this.#hooks = hooks;
    this.#alarms = new Alarms(world);
    this.#me = hooks.newId();
    this.term = known;
    this.#hello();
    this.#heard();
  }

  #random;
  #hooks;
  /** @type {Alarms<"ask" | "doubt" | "despair" | "prefer" | "join">} */
  #alarms;
  #me;
  /** The hello that waits for its welcome; empty once we have joined. */
  #nonce = "";
  #due = 0;
  #leaderHidden = false;

  /** @param {Word} word */
  hear(word) {
    if (word.term < this.term) return;
    this.#heard();
    if (word.term > this.term) {
      this.term = word.term;
      if (word.kind !== "welcome") this.#hello();
    }
    if (word.kind === "events") this.#follow(word.seq, word.events);
    else if (word.kind === "welcome") this.#join(word.to, word.seq, word.excerpt);
    else this.#learn(word.news);
  }

  /** Somebody looks at this tab: what it shows must be right now. */
  wake() {
    if (this.#leaderHidden) this.#hooks.take();
    else this.#ask();
  }

  retryNow() {
    this.#hooks.post({ kind: "retry", known: this.term });
  }

  stop() {
    for (const name of /** @type {const} */ (["ask", "doubt", "despair", "prefer", "join"])) this.#alarms.stop(name);
  }

  /** @param {number} seq @param {StreamEvent[]} events */
  #follow(seq, events) {
    if (this.#nonce) return;
    const next = seq === this.#due;
    this.#due += 1;
    if (!next || !this.#hooks.onEvents(events)) this.#hello();
  }

  /** @param {string} to @param {number} seq @param {Excerpt} told */
  #join(to, seq, told) {
    if (to !== this.#nonce) return;
    // Not at once: a leader that keeps telling what does not fit would be asked in a hot loop.
    if (!this.#hooks.onExcerpt(told)) return;
    this.#nonce = "";
    this.#due = seq + 1;
    this.#alarms.stop("join");
  }

  #hello(insist = false) {
    this.#nonce = this.#hooks.newId();
    const { cursor } = this.#hooks.log();
    this.#hooks.post({ kind: "hello", from: this.#me, nonce: this.#nonce, cursor, insist, known: this.term });
    this.#alarms.set("join", JOIN_MS, () => this.#hello(true));
  }

  /** @param {News} news */
  #learn(news) {
    this.#leaderHidden = news.hidden;
    if (!news.hidden || this.#hooks.hidden()) this.#alarms.stop("prefer");
    else this.#alarms.set("prefer", TAKE_MS * this.#random(), () => this.#hooks.take());
    this.#hooks.onNews(news);
  }

  #heard() {
    this.#alarms.stop("doubt");
    this.#alarms.stop("despair");
    this.#alarms.set("ask", this.#hooks.hidden() ? ASK_HIDDEN_MS : ASK_MS, () => this.#ask());
  }

  #ask() {
    this.#hooks.post({ kind: "ask", known: this.term });
    this.#alarms.set("doubt", DOUBT_MS, () => this.#hooks.onNews(null));
    this.#alarms.set("despair", PATIENCE_MS, () => this.#hooks.take());
  }
}
