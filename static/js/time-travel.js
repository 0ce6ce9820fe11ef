/**
 * The page as it was when the log was shorter. What comes meanwhile is taken in as ever, and held back from the eyes: the log
 * that is shown is the beginning of the one that is there. It can be played from there, as it was recorded.
 *
 * What was on its way then, text being written and the output of tools, no log has; and of the State only that is told which
 * follows from the messages (`state-then.js`).
 *
 * It plays with the pauses that there were. Where they lie in a part of the log that is not here, it has that come, a little ahead,
 * and waits for it.
 *
 * @import { Command, Replayed } from "./replay.js"
 * @import { Log } from "./reducer.js"
 * @import { Moment } from "./state-then.js"
 * @import { World } from "./stream.js"
 * @import { Message } from "./wire.js"
 */

import { PAGE } from "./history.js";
import { countOf } from "./reducer.js";
import { logThen } from "./state-then.js";

/** As the server's own player has it: nobody wants to watch somebody think. */
export const MAX_PAUSE_MS = 2000;
/** Between messages of which one tells no time. */
const UNKNOWN_PAUSE_MS = 500;
/** So many pages of the history are asked for ahead of what is played. */
const AHEAD = 2;
/** A page that did not come is asked for again after so long. */
const AGAIN_MS = 2500;
/** What the bar offers here; a replay of the server's own offers more. */
export const SPEEDS = [1, 2, 5, 10, 20, 50];

export class TimeTravel {
  /**
   * @param {Pick<World, "now" | "setTimer" | "clearTimer">} world
   * @param {{
   *   log: () => Log, earlier: (idx: number) => Message | undefined, want: (idx: number) => void, onChange: () => void,
   * }} hooks
   *   `earlier` gives a message from before the part of the log that is here, if it is at hand; `want` has it come, and then
   *   `pageCame` is called.
   */
  constructor(world, hooks) {
    this.#world = world;
    this.#hooks = hooks;
  }

  #world;
  #hooks;
  /** Messages that are shown; 0 = all, now. */
  #position = 0;
  #log = "";
  #playing = false;
  #speed = 1;
  /** When the message that was shown last was due. */
  #since = 0;
  /** For messages that are not here. */
  #waiting = false;
  /** What was made of a log, as long as it would be the same. @type {{ of: Log, count: number, shown: Log, moment: Moment } | null} */
  #made = null;
  /** @type {unknown} */
  #timer;

  /** Whether it is another time than now. */
  get away() {
    return this.#position > 0;
  }

  /** To the moment when the log had `position` messages. @param {number} position */
  go(position) {
    const { log } = this.#hooks.log();
    this.#log = log;
    this.#position = Math.min(Math.max(position, 1), Math.max(1, countOf(this.#hooks.log())));
    this.#plan();
    this.#hooks.onChange();
  }

  /** Back to the present. */
  leave() {
    if (!this.away) return;
    this.#position = 0;
    this.#playing = false;
    this.#plan();
    this.#hooks.onChange();
  }

  /** @param {Command} command */
  command({ position, playing, speed }) {
    if (!this.away) return;
    this.#playing = playing ?? this.#playing;
    this.#speed = speed ?? this.#speed;
    this.go(position ?? this.#position);
  }

  /** More of the history is here. */
  pageCame() {
    if (!this.away) return;
    this.#made = null;
    if (this.#waiting) {
      this.#world.clearTimer(this.#timer);
      this.#wait();
    }
    this.#hooks.onChange();
  }

  /** What the bar shows. @returns {Replayed & { timestamp: string, waiting: boolean }} */
  get known() {
    const log = this.#hooks.log();
    const count = countOf(log);
    const position = Math.min(this.#position, count);
    const playing = this.#playing && position < count;
    const timestamp = this.#message(position - 1)?.timestamp ?? "";
    return { position, count, playing, speed: this.#speed, log: log.log, timestamp, waiting: playing && this.#waiting };
  }

  /** The log as it was. @param {Log} log as it is @returns {Log} */
  shown(log) {
    // Of another log, or one that was made anew, nobody was looking at a message.
    if (this.away && (log.log !== this.#log || countOf(log) === 0)) this.leave();
    return this.away ? this.#make(log).shown : log;
  }

  /** What is known of that moment besides; null now. @param {Log} log as it is @returns {Moment | null} */
  moment(log) {
    return this.away && log.log === this.#log ? this.#make(log).moment : null;
  }

  /** @param {Log} log */
  #make(log) {
    const count = Math.min(this.#position, countOf(log));
    if (this.#made?.of === log && this.#made.count === count) return this.#made;
    const moment = logThen(log, count, (idx) => this.#message(idx));
    const base = Math.min(log.base, count);
    const agent_state = this.#midTurn(count) ? "RunningTool" : "WaitingForUserInput";
    const state = moment.log.state && { ...moment.log.state, agent_state };
    const shown = { ...moment.log, state, base, messages: log.messages.slice(0, count - base) };
    this.#made = { of: log, count, shown, moment: { ...moment, log: { ...moment.log, state } } };
    return this.#made;
  }

  /** @param {number} idx */
  #message(idx) {
    const log = this.#hooks.log();
    return idx >= log.base ? log.messages[idx - log.base] : this.#hooks.earlier(idx);
  }

  /** Whether a turn was under way after the first `count` messages. @param {number} count */
  #midTurn(count) {
    for (let idx = count - 1; idx >= 0; idx--) {
      const message = this.#message(idx);
      if (!message) return false;
      if (message.parent_conversation_id) continue;
      if (message.type === "agent") return !message.end_of_turn;
      if (message.type === "user" || message.type === "tool") return true;
      if (message.type === "error" || message.type === "budget") return false;
    }
    return false;
  }

  /** Milliseconds from the message before `idx` to that at `idx`; null where one of them is not here. @param {number} idx */
  #pause(idx) {
    const [from, to] = [this.#message(idx - 1), this.#message(idx)];
    if (!from || !to) return null;
    const passed = Date.parse(to.timestamp) - Date.parse(from.timestamp);
    return Math.min(Math.max(0, Number.isNaN(passed) ? UNKNOWN_PAUSE_MS : passed) / this.#speed, MAX_PAUSE_MS);
  }

  #plan() {
    this.#world.clearTimer(this.#timer);
    this.#since = this.#world.now();
    this.#wait();
  }

  #wait() {
    if (!this.#playing || this.#position >= countOf(this.#hooks.log())) {
      this.#playing = false;
      this.#waiting = false;
      return;
    }
    const pause = this.#pause(this.#position);
    this.#ask();
    if (pause === null) {
      this.#waiting = true;
      this.#timer = this.#world.setTimer(() => this.#wait(), AGAIN_MS);
      return;
    }
    // The time until they came is not one that passed between them.
    if (this.#waiting) this.#since = this.#world.now();
    this.#waiting = false;
    this.#timer = this.#world.setTimer(() => this.#play(), Math.max(0, this.#since + pause - this.#world.now()));
  }

  /** Have what is played next come; what is wanted last comes first. */
  #ask() {
    const { base } = this.#hooks.log();
    for (let ahead = AHEAD; ahead >= 0; ahead--) {
      const idx = this.#position + ahead * PAGE;
      // Its pause counts from the message before it.
      if (ahead === 0 && idx <= base) this.#hooks.want(idx - 1);
      if (idx < base) this.#hooks.want(idx);
    }
  }

  /** Show all that is due by now: at a high speed several messages are at once. */
  #play() {
    const now = this.#world.now();
    const count = countOf(this.#hooks.log());
    for (let pause = this.#pause(this.#position); pause !== null && this.#since + pause <= now; pause = this.#pause(this.#position)) {
      this.#since += pause;
      this.#position += 1;
      if (this.#position >= count) break;
    }
    this.#wait();
    this.#hooks.onChange();
  }
}
