/**
 * The side of the tab that leads: what its stream brings goes out to the tabs that follow, numbered, and who joins is told
 * what they lack. `follower.js` is the other side.
 *
 *   lead, status  { term, news }            how the connection is; `lead` when the term begins
 *   events        { term, seq, events }     a batch of the stream, as it came
 *   welcome       { term, to, seq, excerpt} answers the hello `to`: what was missing up to batch `seq`
 *   hello         { from, nonce, cursor, insist, known }   from a follower: I have this, tell me the rest
 *   ask           { known }                 are you there?      retry  { known }  the user does not want to wait
 *
 * Each leadership is a *term*, greater than any before: a leader whose lock was taken while it was frozen, and who does
 * not know it yet, talks in an old term, and is not heard. `known` is the greatest term a tab has heard of.
 *
 * @import { Connection } from "./stream.js"
 * @import { Excerpt } from "./excerpt.js"
 * @import { Log } from "./reducer.js"
 * @import { Roster } from "./roster.js"
 * @import { StreamEvent } from "./wire.js"
 *
 * @typedef {Omit<Connection, "dueAt" | "heartbeatAt" | "via"> & { dueIn: number, heartbeatAge: number, hidden: boolean }} News
 *   Milliseconds from now and until now, for clocks differ from tab to tab; 0 and -1 = none.
 * @typedef {{ kind: "lead" | "status", term: string, news: News }
 *   | { kind: "events", term: string, seq: number, events: StreamEvent[] }
 *   | { kind: "welcome", term: string, to: string, seq: number, excerpt: Excerpt, roster?: Roster | null }} Word  of a leader
 * @typedef {{ kind: "hello", from: string, nonce: string, cursor: string, insist: boolean, known: string }
 *   | { kind: "ask" | "retry", known: string }} Call  of a follower
 */

import { excerpt } from "./excerpt.js";
import { countOf } from "./reducer.js";

/** Terms are compared as text: 16 digits, then what makes two of the same number different. */
const DIGITS = 16;

/**
 * A term after `known`. The wall clock makes it great enough for a tab that has heard of no term; where the clock was set
 * back, the followers' `known` tells.
 * @param {string} known empty = none
 * @param {number} wallMs
 * @param {string} id
 */
export function nextTerm(known, wallMs, id) {
  const after = known ? Number(known.slice(0, DIGITS)) + 1 : 0;
  return String(Math.max(Math.floor(wallMs), after)).padStart(DIGITS, "0") + id;
}

export class Relay {
  /**
   * @param {string} term
   * @param {{ post: (word: Word) => void, log: () => Log, news: () => News }} hooks
   */
  constructor(term, hooks) {
    this.term = term;
    this.#hooks = hooks;
    this.#hooks.post({ kind: "lead", term, news: this.#hooks.news() });
  }

  #hooks;
  #seq = 0;
  /** @type {Map<string, Extract<Call, { kind: "hello" }>>} The last hello of each tab that has no answer yet. */
  #waiting = new Map();

  /** A batch that our own log has taken already. @param {StreamEvent[]} events */
  send(events) {
    this.#seq += 1;
    this.#hooks.post({ kind: "events", term: this.term, seq: this.#seq, events });
    this.#welcome();
  }

  /** The connection has changed, or somebody wants to know. */
  tell() {
    this.#hooks.post({ kind: "status", term: this.term, news: this.#hooks.news() });
    this.#welcome();
  }

  /** @param {Call} call */
  hear(call) {
    if (call.kind === "hello") this.#waiting.set(call.from, call);
    this.tell();
  }

  #welcome() {
    if (this.#waiting.size === 0) return;
    const log = this.#hooks.log();
    const current = this.#hooks.news().status === "connected" && countOf(log) >= log.announced;
    for (const [from, { nonce, cursor, insist }] of this.#waiting) {
      const told = excerpt(log, cursor, { current, insist });
      if (!told) continue;
      this.#waiting.delete(from);
      this.#hooks.post({ kind: "welcome", term: this.term, to: nonce, seq: this.#seq, excerpt: told });
    }
  }
}
