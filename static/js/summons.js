/**
 * Calls the user back to a page that they do not look at: when a turn has ended, and when the agent asks, here or in another
 * session. By a mark in the title, and by a notification and a sound where they want these; once in a browser, however many tabs
 * there are, and never while one of them is in view.
 *
 * Every tab sees the same moment, and each knows only of itself whether it is looked at. So one that is claims the moment at
 * once, for nobody need be called; the others wait a little, and then the first to hold the lock claims it.
 *
 * @import { Log } from "./reducer.js"
 * @import { Roster } from "./roster.js"
 * @import { Message } from "./wire.js"
 *
 * @typedef {{ key: string, claim: string, why: "ended" | "asks" | "failed", title: string, text: string, url: string }} Moment
 *   `key` is the same in every tab of the session; `claim` in all that hear of it, of which others know neither message nor log.
 *   `title` is the session's, `text` the agent's own words, empty where they are not known. `url` leads to another session.
 * @typedef {"granted" | "denied" | "default" | "missing"} Permission
 * @typedef {{
 *   hidden: () => boolean, permission: () => Permission, ask: () => Promise<unknown>,
 *   recall: (key: string) => string | null, keep: (key: string, value: string | null) => void,
 *   alone: (work: () => void) => void, setTimer: (run: () => void, ms: number) => unknown,
 *   note: (moment: Moment) => void, ring: () => void, badge: (count: number) => void,
 * }} Surroundings
 *   `alone` runs `work` while no other tab does. `badge` shows how many moments were not seen; 0 = none.
 */

import { isAsking } from "./doing.js";
import { isWorking } from "./format.js";
import { plainWords } from "./plain-words.js";
import { countOf } from "./reducer.js";
import { inProse } from "./shown.js";

const CLAIM = "trio-agent.summons";
const NOTES = "trio-agent.notify";
const SOUND = "trio-agent.sound";
/** A tab that is in view is never so slow; hidden ones may be a second late in any case. */
export const CLAIM_MS = 400;
const LONGEST_TEXT = 160;
/** So many claims are kept: moments of several sessions come close together. */
const CLAIMS = 32;

export class Summons {
  /** @param {Surroundings} around */
  constructor(around) {
    this.#around = around;
  }

  #around;
  /** @type {Log | null} The log as it was last looked at; null until one was whole. */
  #before = null;
  /** All sessions as they were last told of; null until they were. @type {Roster | null} */
  #roster = null;
  #missed = 0;
  /** The key of the newest moment. */
  #last = "";

  get permission() {
    return this.#around.permission();
  }

  /** Whether the user wants notifications, and may have them. */
  get notes() {
    return this.#around.recall(NOTES) === "on" && this.permission === "granted";
  }

  get sound() {
    return this.#around.recall(SOUND) === "on";
  }

  /** Moments that were missed in this tab. */
  get missed() {
    return this.#missed;
  }

  /** Only after a press of the user's: browsers ask them at no other time. @param {boolean} wanted */
  async allowNotes(wanted) {
    if (wanted && this.permission === "default") await this.#around.ask();
    this.#around.keep(NOTES, wanted ? "on" : null);
  }

  /** @param {boolean} wanted */
  allowSound(wanted) {
    this.#around.keep(SOUND, wanted ? "on" : null);
  }

  ring() {
    this.#around.ring();
  }

  /** The user looks at the page. */
  look() {
    if (this.#around.hidden() || this.#missed === 0) return;
    this.#missed = 0;
    this.#around.badge(0);
  }

  /** The log may have changed. `connected`: what is here is the present. @param {Log} log @param {boolean} connected */
  see(log, connected) {
    this.look();
    if (!log.state || !connected || countOf(log) < log.announced || log.state.message_count > countOf(log)) return;
    const moment = this.#before && momentBetween(this.#before, log);
    // Where the state has not caught up with the log it is looked at again: nobody knows yet whether the turn goes on.
    if (this.#before && !moment && !isSettled(log) && !isWorking(log.state.agent_state)) return;
    // It may ask again, and that is another moment.
    if (this.#before && isAsking(this.#before) && (!isAsking(log) || moment?.why === "asks")) this.#free([log.state.session_id]);
    this.#before = log;
    // What is tidied up after the last message ends once more.
    if (!moment || moment.key === this.#last) return;
    this.#last = moment.key;
    this.#meet(moment);
  }

  /** All sessions may have changed. @param {Roster | null} roster @param {string} here the one on the screen, of which the log tells */
  hear(roster, here) {
    const before = this.#roster;
    if (!roster || roster === before) return;
    this.#roster = roster;
    const asked = whoAsks(before);
    const ask = whoAsks(roster);
    // Those that were answered while no page was here are free as well.
    const others = roster.sessions.map(({ session_id }) => session_id).filter((id) => !ask.has(id));
    this.#free(others.filter((id) => !before || asked.has(id)));
    if (!before) return;
    for (const { session_id, title, url } of roster.sessions) {
      if (!ask.has(session_id) || asked.has(session_id) || session_id === here) continue;
      this.#meet({ key: asking(session_id), claim: asking(session_id), why: "asks", title, text: "", url });
    }
  }

  /** @param {Moment} moment */
  #meet(moment) {
    if (!this.#around.hidden()) return this.#around.alone(() => this.#claim(moment));
    this.#missed += 1;
    this.#around.badge(this.#missed);
    this.#around.setTimer(() => this.#around.alone(() => this.#call(moment)), CLAIM_MS);
  }

  /** @param {Moment} moment */
  #call(moment) {
    if (!this.#claim(moment)) return;
    // They may have come back meanwhile.
    if (!this.#around.hidden()) return;
    if (this.notes) this.#around.note(moment);
    if (this.sound) this.#around.ring();
  }

  #claims() {
    return this.#around.recall(CLAIM)?.split(" ") ?? [];
  }

  /** @param {Moment} moment @returns {boolean} whether nobody had */
  #claim({ claim }) {
    const claims = this.#claims();
    if (claims.includes(claim)) return false;
    this.#around.keep(CLAIM, [...claims, claim].slice(-CLAIMS).join(" "));
    return true;
  }

  /** These ask no more. @param {string[]} sessionIds */
  #free(sessionIds) {
    const over = new Set(sessionIds.map(asking));
    if (!this.#claims().some((each) => over.has(each))) return;
    this.#around.alone(() => this.#around.keep(CLAIM, this.#claims().filter((each) => !over.has(each)).join(" ")));
  }
}

/** @param {Roster | null} roster @returns {Set<string>} */
const whoAsks = (roster) => new Set(roster?.sessions.filter(({ asks }) => asks).map(({ session_id }) => session_id));

/** That a session asks: who hears of it from the list knows no more. @param {string} sessionId */
const asking = (sessionId) => `asks.${sessionId}`;

/**
 * What has happened between two looks at a log that is worth a call; null = nothing.
 * @param {Log} before
 * @param {Log} now
 * @returns {Moment | null}
 */
export function momentBetween(before, now) {
  if (before.log !== now.log || !before.state || !now.state) return null;
  const fresh = now.messages.filter(({ idx }) => idx >= countOf(before));
  const asks = fresh.findLast(({ display }) => display?.kind === "question");
  const ended = isIdle(now) && (isWorking(before.state.agent_state) || fresh.some(isEnd));
  if (!asks && !ended) return null;
  const last = asks ?? now.messages.findLast(isTelling);
  const why = asks ? "asks" : hasFailed(now) ? "failed" : "ended";
  const text = last?.type === "agent" ? plainWords(last.content) : inProse((last?.content ?? "").trim());
  const key = `${now.log}.${asks ? asks.idx : countOf(now)}`;
  return {
    key,
    claim: asks ? asking(now.state.session_id) : key,
    why,
    url: "",
    title: now.state.title,
    text: text.length > LONGEST_TEXT ? `${text.slice(0, LONGEST_TEXT)}…` : text,
  };
}

/** Whether the last thing that a turn said is why it could not go on. @param {Log} log */
export function hasFailed({ messages }) {
  const type = messages.findLast(isTelling)?.type;
  return type === "error" || type === "budget";
}

/** Whether the state is of this very log. A message may come before the state in which the agent said it. @param {Log} log */
const isSettled = (log) => log.state?.message_count === countOf(log);

/** @param {Log} log */
const isIdle = (log) => isSettled(log) && log.state !== null && !isWorking(log.state.agent_state);

/**
 * What a turn may end with that began between two looks. An error may also be told in the middle of one: whether it has ended, the
 * state says.
 * @param {Message} message
 */
const isEnd = ({ type, end_of_turn, parent_conversation_id }) =>
  !parent_conversation_id && (end_of_turn || type === "error" || type === "budget");

/** @param {Message} message */
const isTelling = ({ type, content, parent_conversation_id }) =>
  !parent_conversation_id && content.trim() !== "" && (type === "agent" || type === "error" || type === "budget");
