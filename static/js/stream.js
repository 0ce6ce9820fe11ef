/**
 * The event stream: a fetch that never ends, read, watched and reopened. Drives the parser and the connection table.
 *
 * Why not EventSource: it cannot send an Authorization header, closes for good on any 4xx or 5xx, and does not tell
 * when the last byte came, which is the only proof that a connection lives.
 *
 * Everything of the world comes in by `world`, so that tests hold the clock.
 *
 * @import { ConnectionState, Input, Status } from "./connection.js"
 * @import { StreamEvent } from "./wire.js"
 *
 * @typedef {{
 *   fetch: (url: string, init: RequestInit) => Promise<Response>,
 *   now: () => number,
 *   setTimer: (run: () => void, ms: number) => unknown,
 *   clearTimer: (timer: any) => void,
 *   random: () => number,
 * }} World  `now` is in milliseconds and never goes back.
 * @typedef {{
 *   status: Status, state: ConnectionState, attempt: number, dueAt: number, heartbeatAt: number, reason: string,
 *   via: "" | "tab",
 * }} Connection
 *   `dueAt` and `heartbeatAt` are of `world.now`; 0 = none, below 0 = before the page was loaded. `reason` says why the last
 *   connection was lost, or is in doubt. `via` is "tab" where another tab of this browser keeps the connection.
 * @typedef {{ take: (signal: AbortSignal, giveWay: (atOnce: boolean) => void) => Promise<void> }} Slots
 *   `take` waits for leave to open a connection, which lasts until `signal`. `giveWay` is called when others wait for it, and
 *   with true when it has been taken away.
 */

import { Alarms } from "./alarms.js";
import { backoff, DOUBT_MS, LATE_MS, REST_MS, SETTLED_MS, statusOf, step } from "./connection.js";
import { EventParser } from "./sse.js";
import { t } from "./words.js";

/** Seconds between heartbeats that we ask for; the shortest that costs nothing. */
export const HEARTBEAT_S = 15;
const SHORTEST_BEAT_S = 1;
const LONGEST_BEAT_S = 3600;
/** A server says `ready` before it does anything slow. */
export const CONNECT_MS = 10_000;
/** A pulse is a comment without words. */
const PULSE_BYTES = 2;
/** Without a byte for so long, a connection with a pulse of one second is not called connected any more. */
export const QUIET_MS = 1750;
/** It is given up as late as this: a server may be busy, or asleep with its machine, and a new try would not be quicker. */
export const LOST_PULSE_MS = 10_000;

/** Seconds between the beats that a server promises, as far as they can be believed. @param {unknown} promised */
function beatOf(promised) {
  // A tiny one would call every connection silent at once and ask again without a pause; a huge one would never notice.
  return Math.min(LONGEST_BEAT_S, Math.max(SHORTEST_BEAT_S, Number(promised) || HEARTBEAT_S));
}

export class EventStream {
  /**
   * @param {World} world
   * @param {{
   *   request: () => { url: string, headers: Record<string, string> },
   *   onEvents: (events: StreamEvent[]) => boolean,
   *   onChange: (connection: Connection) => void,
   * }} hooks  `onEvents` answers whether the events fit; if not, the stream is reopened from where the client stands.
   * @param {Slots | null} slots null where nobody counts connections
   */
  constructor(world, hooks, slots = null) {
    this.#world = world;
    this.#hooks = hooks;
    this.#slots = slots;
    this.#alarms = new Alarms(world);
  }

  #world;
  #hooks;
  #slots;
  /** @type {ConnectionState} */
  #state = "idle";
  #wasOpen = false;
  #attempt = 0;
  #floorMs = 0;
  #retryMs = 0;
  #dueAt = 0;
  /** When `due` comes, also where nobody is told; 0 = no try is planned. */
  #tryAt = 0;
  #byteAt = 0;
  #heartbeatAt = 0;
  #silenceMs = CONNECT_MS;
  /** Whether the server says that it sends a byte every second. */
  #isPulsePromised = false;
  /** Whether that byte comes alone, so that nothing on the way holds bytes back. */
  #hasPulse = false;
  /** Whether the pulse has stopped: open still, but nobody can say that the server lives. */
  #quiet = false;
  #reason = "";
  /** @type {AbortController | null} */
  #request = null;
  /** While a request queues for a slot, silence is not the server's. */
  #queued = false;
  /** Others wait for our slot: it is theirs as soon as we have what there was to have. */
  #wanted = false;
  /** Messages that the log had when the connection began; Infinity until it is known, -1 once we have them. */
  #missing = Infinity;
  /** @type {Alarms<"due" | "settle" | "watch" | "late">} */
  #alarms;

  start() {
    this.#input("start");
  }

  /** Drop the connection until `start`. */
  stop() {
    this.#input("stop");
  }

  /** The user does not want to wait. */
  retryNow() {
    this.#input("now");
  }

  /** Call when the browser says so; see also `wake`. */
  online() {
    this.#input("online");
  }

  offline() {
    this.#input("offline");
  }

  /** Somebody looks at the page: they need not wait. */
  wake() {
    this.#watch();
    this.#input("wake");
  }

  /** Timers stand still in a hidden tab: do now what they should have done. */
  look() {
    this.#watch();
    if (this.#tryAt > 0 && this.#tryAt <= this.#world.now()) this.#input("due");
  }

  /** @returns {Connection} */
  get connection() {
    const quiet = this.#quiet && this.#state === "open";
    return {
      status: quiet ? "reconnecting" : statusOf(this.#state, this.#wasOpen),
      state: this.#state,
      attempt: this.#attempt,
      dueAt: this.#dueAt,
      heartbeatAt: this.#heartbeatAt,
      reason: quiet ? t("the server gives no sign of life") : this.#reason,
      via: "",
    };
  }

  /** @param {Input} input @param {string} reason */
  #input(input, reason = "") {
    const before = this.#state;
    const { state, effects } = step(before, input);
    this.#state = state;
    if (input === "ready" && state === "open") {
      this.#wasOpen = true;
      this.#reason = "";
    }
    if (reason) this.#reason = reason;
    for (const effect of effects) {
      if (effect === "open") this.#open();
      else if (effect === "close") this.#close();
      else if (effect === "schedule") this.#schedule();
      else if (effect === "settle") this.#alarms.set("settle", SETTLED_MS, () => this.#input("settled"));
      else if (effect === "rest") this.#rest();
      else if (effect === "doubt") this.#expectTry(DOUBT_MS);
      else if (effect === "expect") this.#alarms.set("late", LATE_MS, () => this.#input("late"));
      else this.#attempt = 0;
    }
    if (state !== before || effects.length > 0) this.#hooks.onChange(this.connection);
  }

  #open() {
    this.#drop();
    this.#planNone();
    const request = new AbortController();
    this.#request = request;
    this.#queued = this.#slots !== null;
    this.#wanted = false;
    this.#missing = Infinity;
    this.#silenceMs = CONNECT_MS;
    this.#isPulsePromised = false;
    this.#hasPulse = false;
    this.#quiet = false;
    this.#touch();
    // Errors end in #input, so nothing is left to await.
    void this.#read(request);
  }

  #drop() {
    this.#request?.abort();
    this.#request = null;
    this.#alarms.stop("watch");
    this.#alarms.stop("late");
  }

  #close() {
    this.#drop();
    this.#alarms.stop("settle");
    this.#planNone();
  }

  #rest() {
    this.#drop();
    this.#expectTry(REST_MS);
  }

  /** @param {number} ms */
  #expectTry(ms) {
    this.#tryAt = this.#world.now() + ms;
    this.#alarms.set("due", ms, () => this.#input("due"));
  }

  #planNone() {
    this.#alarms.stop("due");
    this.#dueAt = 0;
    this.#tryAt = 0;
  }

  /** @param {AbortController} request whose slot others wait for @param {boolean} atOnce they have taken it */
  #giveWay({ signal }, atOnce) {
    if (signal.aborted) return;
    this.#wanted = true;
    if (atOnce || this.#missing < 0) this.#input("yield");
  }

  #schedule() {
    // The first try after a loss is quick, whatever `retry:` says, unless the server said goodbye with a time of its own.
    const floor = Math.max(this.#floorMs, this.#attempt > 0 ? this.#retryMs : 0);
    const delay = backoff(this.#attempt, this.#world.random(), floor);
    this.#attempt += 1;
    this.#floorMs = 0;
    this.#expectTry(delay);
    this.#dueAt = this.#tryAt;
  }

  /** @param {AbortController} request */
  async #read(request) {
    const { signal } = request;
    try {
      if (this.#slots) {
        await this.#slots.take(signal, (atOnce) => this.#giveWay(request, atOnce));
        if (signal.aborted) return;
        this.#queued = false;
        this.#touch();
      }
      const { url, headers } = this.#hooks.request();
      const response = await this.#world.fetch(url, { headers, signal, cache: "no-store" });
      if (signal.aborted) return;
      // Only the server itself can say no for good; a proxy in front of one that restarts says 404 or 401 as well.
      const final = response.headers.get("Content-Type")?.startsWith("application/problem+json");
      if (final && response.status === 401) return this.#input("refused");
      if (final && response.status === 404) return this.#input("absent");
      if (!response.ok || !response.body) {
        this.#floorMs = 1000 * (Number(response.headers.get("Retry-After")) || 0);
        return this.#input("lost", t("the server answered {status}", { status: response.status }));
      }
      const reader = response.body.getReader();
      const parser = new EventParser();
      while (true) {
        const { done, value } = await reader.read();
        if (signal.aborted) return;
        if (done) return this.#input("lost", t("the server closed the connection"));
        this.#byteAt = this.#world.now();
        this.#feed(parser, value);
        if (this.#isPulsePromised && !this.#hasPulse && value.length <= PULSE_BYTES) this.#expectPulse();
        if (this.#quiet) this.#watch();
        if (signal.aborted) return;
      }
    } catch {
      // An abort is our own doing. Everything else, a failed fetch or a stream torn in the middle, is a lost connection.
      if (!signal.aborted) this.#input("lost", t("no answer from the server"));
    }
  }

  /** @param {EventParser} parser @param {Uint8Array} chunk */
  #feed(parser, chunk) {
    try {
      const events = parser.feed(chunk);
      this.#retryMs = parser.retryMs ?? this.#retryMs;
      this.#take(events);
    } catch (error) {
      // Not the network's doing: an event beyond its bound, or one that is no JSON. Another try may read better.
      console.error(error);
      this.#input("lost", t("the stream could not be read"));
    }
  }

  /** @param {StreamEvent[]} events */
  #take(events) {
    if (events.length === 0) return;
    const fits = this.#hooks.onEvents(events);
    for (const event of events) {
      if (event.event === "ready") {
        const { heartbeat, count, pulse } = JSON.parse(event.data);
        this.#isPulsePromised = Boolean(pulse);
        this.#silenceMs = 2000 * beatOf(heartbeat);
        this.#heartbeatAt = this.#world.now();
        this.#watch();
        this.#missing = count;
        this.#input("ready");
      } else if (event.event === "state" && this.#missing >= 0) {
        // A state follows the messages that it counts.
        if (JSON.parse(event.data).message_count >= this.#missing) this.#missing = -1;
      } else if (event.event === "heartbeat") {
        this.#heartbeatAt = this.#world.now();
        this.#hooks.onChange(this.connection);
      } else if (event.event === "bye") {
        const { reason, retry_ms } = JSON.parse(event.data);
        if (reason === "session_ended") return this.#input("ended");
        this.#floorMs = Number(retry_ms) || this.#retryMs;
        return this.#input("lost", reason === "overload" ? t("the server is overloaded") : t("the server is restarting"));
      }
    }
    if (!fits) this.#input("resync", t("the stream did not fit what is here"));
    else if (this.#wanted && this.#missing < 0) this.#input("yield");
  }

  #expectPulse() {
    this.#hasPulse = true;
    this.#silenceMs = LOST_PULSE_MS;
    this.#watch();
  }

  #touch() {
    this.#byteAt = this.#world.now();
    this.#watch();
  }

  /** Looks at the age of the last byte now, and again when it could first be too old. */
  #watch() {
    if (!this.#request || this.#queued) return;
    const age = this.#world.now() - this.#byteAt;
    if (age > this.#silenceMs) return this.#input("silent", t("the connection went silent"));
    const quiet = this.#hasPulse && age > QUIET_MS;
    const next = this.#hasPulse && !quiet ? QUIET_MS : this.#silenceMs;
    this.#alarms.set("watch", next - age + 1, () => this.#watch());
    if (quiet === this.#quiet) return;
    this.#quiet = quiet;
    this.#hooks.onChange(this.connection);
  }
}
