/**
 * Messages on their way to the server. Each goes out under one Idempotency-Key until the server has it, so trying again
 * never says a thing twice; they go one after the other, so the order is the user's.
 *
 * @import { Log } from "./reducer.js"
 * @import { World } from "./stream.js"
 * @import { Attached } from "./wire.js"
 *
 * @typedef {{ files?: readonly Attached[], queued?: boolean }} Beside  `queued`: to be read after the turn that runs
 * @typedef {Beside & { key: string, text: string, status: "sending" | "waiting" | "failed" | "accepted" | "leaving", problem: string,
 *   log: string, idx: number, echoed: boolean }} Pending
 *   `accepted`: the server has it as message `idx` of `log`, which the stream has yet to bring. `echoed`: a message that
 *   looks like this one came by the stream before the answer did. `leaving`: it was taken back, and nobody knows whether it
 *   had arrived; the server is asked to forget it, and until it has answered it may still turn out to be said.
 */

import { ApiError } from "./api.js";
import { backoff } from "./connection.js";
import { countOf } from "./reducer.js";

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

/** Answers that another try may change: too early, too many, overloaded, starting, full. @param {number} status */
const mayPass = (status) => [408, 425, 429, 500, 502, 503, 504, 507].includes(status);

export class Outbox {
  /**
   * @param {Pick<World, "setTimer" | "clearTimer" | "random">} world
   * @param {{
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
  #posting = false;
  #attempt = 0;

  /** @param {string} text @param {Beside} beside */
  send(text, beside = {}) {
    const key = (this.#hooks.newKey ?? newKey)();
    this.#set([...this.#pending, { ...beside, key, text, status: "sending", problem: "", log: "", idx: -1, echoed: false }]);
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
    this.#set(this.#pending.map((each) => (each.status === "failed" ? { ...each, status: "sending" } : each)));
    void this.#pump();
  }

  /** Give a message up; returns what it was, null where there is none. @param {string} key */
  discard(key) {
    const given = this.#pending.find((each) => each.key === key) ?? null;
    this.#set(this.#pending.filter((each) => each.key !== key));
    void this.#pump();
    return given;
  }

  /** Take back a message that may have arrived, or not; returns what it was, null where there is none. @param {string} key */
  takeBack(key) {
    const given = this.#pending.find((each) => each.key === key) ?? null;
    if (given?.status === "failed") return this.discard(key);
    if (given?.status !== "waiting") return null;
    this.#change(key, { status: "leaving" });
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
    const head = this.#pending.find(({ status }) => status === "sending" || status === "waiting" || status === "leaving");
    if (this.#posting || !head) return;
    const leaving = head.status === "leaving";
    this.#posting = true;
    if (!leaving) this.#change(head.key, { status: "sending" });
    const request = new AbortController();
    const deadline = this.#world.setTimer(() => request.abort(), ANSWER_MS);
    try {
      if (leaving) {
        await this.#hooks.withdraw(head.key, request.signal);
        this.#set(this.#pending.filter(({ key }) => key !== head.key));
      } else {
        const { log, idx } = await this.#hooks.post(head, request.signal);
        this.#change(head.key, { status: "accepted", problem: "", log, idx });
      }
      this.#attempt = 0;
    } catch (error) {
      this.#refused(head.key, error, leaving);
    } finally {
      this.#world.clearTimer(deadline);
      this.#posting = false;
    }
    if (this.#attempt === 0) void this.#pump();
  }

  /** @param {string} key @param {unknown} error @param {boolean} leaving */
  #refused(key, error, leaving) {
    const problem = error instanceof ApiError ? error.message : "no answer from the server";
    if (error instanceof ApiError && !mayPass(error.status)) {
      this.#attempt = 0;
      // It has been read already: asked again under its key, the server says where it stands.
      this.#change(key, leaving ? { status: "sending" } : { status: "failed", problem });
      return;
    }
    const floor = error instanceof ApiError ? error.retryAfterMs : 0;
    const delay = backoff(this.#attempt, this.#world.random(), floor);
    this.#attempt += 1;
    if (!leaving) this.#change(key, { status: "waiting", problem });
    // Those behind it have to wait as well, and say so.
    if (this.#pending.some(({ status }) => status === "sending"))
      this.#set(this.#pending.map((each) => (each.status === "sending" ? { ...each, status: "waiting", problem } : each)));
    this.#world.setTimer(() => void this.#pump(), delay);
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
