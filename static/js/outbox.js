/**
 * Messages on their way to the server. Each goes out under one Idempotency-Key until the server has it, so trying again
 * never says a thing twice; they go one after the other, so the order is the user's. One whose files the server does not have yet
 * brings them first: until then it was never posted, and can be taken back at once.
 *
 * @import { Log } from "./reducer.js"
 * @import { World } from "./stream.js"
 * @import { Attached } from "./wire.js"
 *
 * @typedef {Attached & { held?: string }} Enclosed  `held` names its contents while the server does not have them: no `blob` yet
 * @typedef {{ files?: readonly Enclosed[], queued?: boolean }} Beside  `queued`: to be read after the turn that runs
 * @typedef {Beside & { key: string, text: string, status: "gathering" | "sending" | "waiting" | "failed" | "accepted" | "leaving",
 *   problem: string, hopeless?: boolean, log: string, idx: number, echoed: boolean }} Pending
 *   `gathering`: its files are not all there. `hopeless`: it failed, and would fail again. `accepted`: the server has it as message `idx` of `log`, which the stream has yet to bring. `echoed`: a message that
 *   looks like this one came by the stream before the answer did. `leaving`: it was taken back, and nobody knows whether it
 *   had arrived; the server is asked to forget it, and until it has answered it may still turn out to be said.
 */

import { ApiError } from "./api.js";
import { backoff } from "./connection.js";
import { NotKept } from "./contents.js";
import { countOf } from "./reducer.js";
import { t } from "./words.js";

/** A key is made with the message and never changes. crypto.randomUUID exists only on https and localhost. */
export function newKey() {
  const { randomUUID } = /** @type {{ randomUUID?: () => string }} */ (crypto);
  if (randomUUID) return randomUUID.call(crypto);
  return Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, "0")).join("");
}

/**
 * A server that has a message says so in less than a second. Over a connection that has died without a word an answer never
 * comes, and no browser gives a request up by itself.
 */
const ANSWER_MS = 20_000;
/** A file takes its time; slower than this, 256 kbit/s, the connection is taken for dead. */
const BYTES_PER_MS = 32;
/** What the server takes as one message, in words. */
const MOST = "1 MB";

/** Answers that another try may change: too early, too many, overloaded, starting, full. @param {number} status */
const mayPass = (status) => [408, 425, 429, 500, 502, 503, 504, 507].includes(status);

/** Trying again would change nothing. */
class Hopeless extends Error {}

/** @param {Beside} beside */
const isWhole = ({ files = [] }) => files.every(({ blob }) => blob !== "");

export class Outbox {
  /**
   * @param {Pick<World, "setTimer" | "clearTimer" | "random">} world
   * @param {{
   *   bring?: (held: string, signal: AbortSignal) => Promise<Omit<Attached, "name">>,
   *   post: (said: Pending, signal: AbortSignal) => Promise<{ log: string, idx: number }>,
   *   withdraw: (key: string, signal: AbortSignal) => Promise<unknown>,
   *   onChange: (pending: readonly Pending[]) => void,
   *   newKey?: () => string,
   * }} hooks
   */
  constructor(world, hooks) {
    this.#world = world;
    this.#hooks = hooks;
  }

  #world;
  #hooks;
  /** @type {readonly Pending[]} */
  #pending = [];
  /** The request that is out, and whose. @type {{ key: string, abort: () => void } | null} */
  #out = null;
  #attempt = 0;
  /** Whether there is a connection, as far as we were told: then an answer is but a moment away. */
  #live = true;
  /** @type {unknown} */
  #timer = null;

  /** @param {string} text @param {Beside} beside */
  send(text, beside = {}) {
    const key = (this.#hooks.newKey ?? newKey)();
    const begun = isWhole(beside) ? this.#outgoing : { status: /** @type {const} */ ("gathering"), problem: "" };
    this.#set([...this.#pending, { ...beside, key, text, ...begun, log: "", idx: -1, echoed: false }]);
    void this.#pump();
  }

  /**
   * The connection is gone. What is out may never be answered, and counts as what was not: it is tried again under its key, and can
   * be taken back by it meanwhile.
   */
  doubt() {
    this.#live = false;
    const out = this.#find(this.#out?.key ?? "");
    if (out?.status === "sending" && !out.echoed) this.#out?.abort();
  }

  /** How one that is posted now is shown. @returns {Pick<Pending, "status" | "problem">} */
  get #outgoing() {
    return this.#live ? { status: "sending", problem: "" } : { status: "waiting", problem: t("no answer from the server") };
  }

  /** There is a connection again: what waits for its next try need not. */
  wake() {
    this.#live = true;
    if (this.#timer === null) return;
    this.#attempt = 0;
    void this.#pump();
  }

  /**
   * Take up what an earlier visit to this page did not get rid of; the keys make that safe.
   * @param {readonly Pending[]} left
   */
  resume(left) {
    this.#set([...left.map((each) => ({ ...each, echoed: false })), ...this.#pending]);
    void this.#pump();
  }

  /** Try at once what waits or has failed. */
  retry() {
    this.#set(
      this.#pending.map((each) => {
        if (each.status !== "failed" || each.hopeless) return each;
        return isWhole(each) ? { ...each, ...this.#outgoing } : { ...each, status: "gathering", problem: "" };
      }),
    );
    void this.#pump();
  }

  /** Give a message up; returns what it was, null where there is none. @param {string} key */
  discard(key) {
    const given = this.#pending.find((each) => each.key === key) ?? null;
    this.#set(this.#pending.filter((each) => each.key !== key));
    if (given?.status === "gathering" && this.#out?.key === key) this.#out.abort();
    void this.#pump();
    return given;
  }

  /** Take back a message that may have arrived, or not; returns what it was, null where there is none. @param {string} key */
  takeBack(key) {
    const given = this.#pending.find((each) => each.key === key) ?? null;
    if (given?.status === "failed" || given?.status === "gathering") return this.discard(key);
    if (given?.status !== "waiting") return null;
    this.#change(key, { status: "leaving" });
    // A try that is out would hold the withdrawal up. Which of the two comes first is all the same: a key that was withdrawn is refused.
    if (this.#out?.key === key) this.#out.abort();
    void this.#pump();
    return given;
  }

  /** Let go of what the log has. `fresh`: how many messages at its end are news. @param {Log} log @param {number} fresh */
  settle(log, fresh) {
    if (log.log === "") return;
    let pending = this.#pending.filter(
      ({ status, idx, log: theirs }) => !(status === "accepted" && (theirs !== log.log || idx < countOf(log))),
    );
    for (const message of log.messages.slice(log.messages.length - fresh)) {
      // A sub-agent's task is nobody's message, though it may read like one.
      const isSaid = message.type === "user" && !message.parent_conversation_id;
      const at = isSaid ? pending.findIndex((each) => !each.echoed && each.text === message.content) : -1;
      pending = pending.map((each, i) => (i === at ? { ...each, echoed: true } : each));
    }
    if (pending.length < this.#pending.length || pending.some((each, i) => each !== this.#pending[i]))
      this.#set(pending);
  }

  async #pump() {
    const head = this.#pending.find(({ status }) => status !== "failed" && status !== "accepted");
    if (this.#out || !head) return;
    const { key, status } = head;
    this.#world.clearTimer(this.#timer);
    this.#timer = null;
    this.#out = { key, abort: () => undefined };
    // Without a connection a try is only a try: what nobody answers can be taken back.
    if (status === "waiting" && this.#live) this.#change(key, { status: "sending" });
    try {
      if (status === "leaving") {
        await this.#within(ANSWER_MS, (signal) => this.#hooks.withdraw(key, signal));
        this.#set(this.#pending.filter((each) => each.key !== key));
      } else {
        const whole = status === "gathering" ? await this.#gather(head) : head;
        if (whole) {
          const { log, idx } = await this.#within(ANSWER_MS, (signal) => this.#hooks.post(whole, signal));
          // Taken back while the answer came: whether it may be, the server says.
          if (this.#find(key)?.status !== "leaving") this.#change(key, { status: "accepted", problem: "", log, idx });
        }
      }
      this.#attempt = 0;
    } catch (error) {
      this.#refused(key, error, status);
    } finally {
      this.#out = null;
    }
    if (this.#attempt === 0) void this.#pump();
  }

  /** Bring its files; null where it was taken back meanwhile. @param {Pending} head @returns {Promise<Pending | null>} */
  async #gather({ key, files = [] }) {
    for (const { blob, held, name, size } of files) {
      if (blob || !held || !this.#hooks.bring) continue;
      const { bring } = this.#hooks;
      this.#change(key, { problem: "" });
      try {
        const brought = await this.#within(ANSWER_MS + size / BYTES_PER_MS, (signal) => bring(held, signal));
        const now = this.#find(key)?.files ?? [];
        this.#change(key, { files: now.map((each) => (each.held === held ? { ...brought, name } : each)) });
      } catch (error) {
        if (error instanceof NotKept) throw new Hopeless(t("{name} was not kept when the page was closed; attach it again", { name }));
        if (error instanceof ApiError && !mayPass(error.status)) throw new Hopeless(`${name}: ${error.message}`);
        throw error;
      }
    }
    // No wait from here to the post: what is said to be on its way cannot be taken back.
    if (this.#find(key)) this.#change(key, this.#outgoing);
    return this.#find(key) ?? null;
  }

  /** @template T @param {number} ms @param {(signal: AbortSignal) => Promise<T>} ask */
  async #within(ms, ask) {
    const request = new AbortController();
    if (this.#out) this.#out.abort = () => request.abort();
    const deadline = this.#world.setTimer(() => request.abort(), ms);
    try {
      return await ask(request.signal);
    } finally {
      this.#world.clearTimer(deadline);
    }
  }

  /** @param {string} key @param {unknown} error @param {Pending["status"]} tried how it stood when it was tried */
  #refused(key, error, tried) {
    const { status } = this.#find(key) ?? {};
    if (!status) {
      this.#attempt = 0;
      return;
    }
    const leaving = status === "leaving";
    // Taken back while it was tried: whatever came of that, the withdrawal is next.
    if (leaving && tried !== "leaving") {
      this.#attempt = 0;
      return;
    }
    if (error instanceof Hopeless || (error instanceof ApiError && !mayPass(error.status))) {
      this.#attempt = 0;
      const isTooLong = error instanceof ApiError && error.status === 413;
      const problem = isTooLong ? t("the message is too long; it may have {size}", { size: MOST }) : error.message;
      const hopeless = isTooLong || error instanceof Hopeless;
      // It has been read already: asked again under its key, the server says where it stands.
      this.#change(key, leaving ? { status: "sending" } : { status: "failed", problem, ...(hopeless && { hopeless }) });
      return;
    }
    const problem = error instanceof ApiError ? error.message : t("no answer from the server");
    const floor = error instanceof ApiError ? error.retryAfterMs : 0;
    const delay = backoff(this.#attempt, this.#world.random(), floor);
    this.#attempt += 1;
    if (!leaving) this.#change(key, status === "gathering" ? { problem } : { status: "waiting", problem });
    // Those behind it have to wait as well, and say so.
    if (this.#pending.some((each) => each.status === "sending"))
      this.#set(this.#pending.map((each) => (each.status === "sending" ? { ...each, status: "waiting", problem } : each)));
    this.#timer = this.#world.setTimer(() => void this.#pump(), delay);
  }

  /** @param {string} key */
  #find(key) {
    return this.#pending.find((each) => each.key === key);
  }

  /** @param {string} key @param {Partial<Pending>} change */
  #change(key, change) {
    this.#set(this.#pending.map((each) => (each.key === key ? { ...each, ...change } : each)));
  }

  /** @param {readonly Pending[]} pending */
  #set(pending) {
    this.#pending = pending;
    this.#hooks.onChange(pending);
  }
}
