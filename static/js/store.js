/**
 * The one place where the page's truth is kept. Views read it and are told once per frame, however much came.
 *
 * @import { Connection } from "./stream.js"
 * @import { Excerpt } from "./excerpt.js"
 * @import { Log } from "./reducer.js"
 * @import { Pending } from "./outbox.js"
 * @import { Roster } from "./roster.js"
 * @import { Running } from "./tasks.js"
 * @import { StreamEvent } from "./wire.js"
 *
 * @typedef {{
 *   log: Log, connection: Connection, pending: readonly Pending[], roster: Roster | null, unread: ReadonlySet<string>,
 *   tasks: Running | null, stopping: boolean, gone: boolean, notice: string,
 * }} Snapshot
 *   `roster` is null until the list has come; `unread` are ids of sessions. `tasks` is null
 *   while nobody has told of them. `stopping`: the user asked for a stop that is not confirmed yet.
 *   `gone`: there is no such session, or no longer. `notice` is one sentence about something that failed, empty when all is well.
 */

import { adopt } from "./excerpt.js";
import { EMPTY, reduce } from "./reducer.js";

export class Store {
  /** @param {Connection} connection @param {(run: () => void) => void} nextFrame */
  constructor(connection, nextFrame) {
    /** @type {Snapshot} */
    this.snapshot = { log: EMPTY, connection, pending: [], roster: null, unread: new Set(), tasks: null, stopping: false, gone: false, notice: "" };
    this.#nextFrame = nextFrame;
  }

  #nextFrame;
  #asked = false;
  /** @type {((snapshot: Snapshot) => void)[]} */
  #listeners = [];

  /** @param {(snapshot: Snapshot) => void} listener called now and after every change, at most once a frame */
  subscribe(listener) {
    this.#listeners.push(listener);
    listener(this.snapshot);
  }

  /** @param {Partial<Snapshot>} change */
  update(change) {
    this.snapshot = { ...this.snapshot, ...change };
    if (this.#asked) return;
    this.#asked = true;
    this.#nextFrame(() => {
      this.#asked = false;
      for (const listener of this.#listeners) listener(this.snapshot);
    });
  }

  /** Whether the events fit what is here; see `reduce`. @param {readonly StreamEvent[]} events */
  take(events) {
    const { log, resync } = reduce(this.snapshot.log, events);
    this.update({ log });
    return !resync;
  }

  /** Whether what another tab told continues what is here; see `adopt`. @param {Excerpt} told */
  adopt(told) {
    const log = adopt(this.snapshot.log, told);
    if (log) this.update({ log });
    return log !== null;
  }
}
