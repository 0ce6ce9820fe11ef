/**
 * The page as it was when the log was shorter. What comes meanwhile is taken in as ever, and held back from the eyes: the log
 * that is shown is the beginning of the one that is there. It can be played from there, as it was recorded.
 *
 * What was on its way then, text being written and the output of tools, no log has; and of the State only that is told which
 * follows from the messages.
 *
 * @import { Command, Replayed } from "./replay.js"
 * @import { Log } from "./reducer.js"
 * @import { World } from "./stream.js"
 * @import { Message } from "./wire.js"
 */

import { countOf } from "./reducer.js";

/** As the server's own player has it: nobody wants to watch somebody think. */
export const MAX_PAUSE_MS = 2000;
/** Between messages of which the times are not here (yet). */
const UNKNOWN_PAUSE_MS = 500;
/** What the bar offers here; a replay of the server's own offers more. */
export const SPEEDS = [1, 2, 5, 10, 20, 50];

export class TimeTravel {
  /**
   * @param {Pick<World, "now" | "setTimer" | "clearTimer">} world
   * @param {{ log: () => Log, earlier: (idx: number) => Message | undefined, onChange: () => void }} hooks
   *   `earlier` gives a message from before the part of the log that is here, if it is at hand.
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

  /** What the bar shows. @returns {Replayed & { timestamp: string }} */
  get known() {
    const log = this.#hooks.log();
    const count = countOf(log);
    const position = Math.min(this.#position, count);
    const playing = this.#playing && position < count;
    const timestamp = this.#message(position - 1)?.timestamp ?? "";
    return { position, count, playing, speed: this.#speed, log: log.log, timestamp };
  }

  /** The log as it was. @param {Log} log as it is @returns {Log} */
  shown(log) {
    // Of another log, or one that was made anew, nobody was looking at a message.
    if (this.away && (log.log !== this.#log || countOf(log) === 0)) this.leave();
    if (!this.away) return log;
    const count = Math.min(this.#position, countOf(log));
    const base = Math.min(log.base, count);
    const agent_state = this.#midTurn(count) ? "RunningTool" : "WaitingForUserInput";
    const state = log.state && { ...log.state, message_count: count, agent_state, outstanding_tool_calls: [] };
    const messages = log.messages.slice(0, count - base);
    return { ...log, base, messages, announced: count, state, draft: null, outputs: new Map() };
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

  /** Milliseconds from the message before `idx` to that at `idx`. @param {number} idx */
  #pause(idx) {
    const [from, to] = [this.#message(idx - 1), this.#message(idx)].map((each) => Date.parse(each?.timestamp ?? ""));
    const passed = /** @type {number} */ (to) - /** @type {number} */ (from);
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
      return;
    }
    const due = this.#since + this.#pause(this.#position);
    this.#timer = this.#world.setTimer(() => this.#play(), Math.max(0, due - this.#world.now()));
  }

  /** Show all that is due by now: at a high speed several messages are at once. */
  #play() {
    const now = this.#world.now();
    const count = countOf(this.#hooks.log());
    while (this.#position < count && this.#since + this.#pause(this.#position) <= now) {
      this.#since += this.#pause(this.#position);
      this.#position += 1;
    }
    this.#wait();
    this.#hooks.onChange();
  }
}
