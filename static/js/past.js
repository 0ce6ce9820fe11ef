/**
 * What is shown in the place of the present: an earlier moment of this session, or the recording that a replay's server plays.
 * The bar to go through it takes the composer's place.
 *
 * @import { Api } from "./api.js"
 * @import { Command } from "./replay.js"
 * @import { Moment } from "./state-then.js"
 * @import { Snapshot } from "./store.js"
 * @import { World } from "./stream.js"
 * @import { Message } from "./wire.js"
 *
 * @typedef {{
 *   snapshot: () => Snapshot, earlier: (idx: number) => Message | undefined, want: (idx: number) => void, onChange: () => void,
 *   onFailure: (error: unknown) => void,
 * }} Page  `earlier` gives a message from before the part of the log that is here, if it is at hand; `want` has it come.
 */

import { find } from "./dom.js";
import { countOf } from "./reducer.js";
import { Replay } from "./replay.js";
import { TimeTravel } from "./time-travel.js";
import { ReplayBar } from "./views/replay-bar.js";

/** Looking back in a session that goes on. */
export class Travel {
  /** @param {World} world @param {Page} page */
  constructor(world, page) {
    this.#page = page;
    this.#travel = new TimeTravel(world, { ...page, log: () => page.snapshot().log });
  }

  #page;
  #travel;
  #bar = find("replay-bar", ReplayBar);

  get away() {
    return this.#travel.away;
  }

  /** @param {Command} command */
  command(command) {
    this.#travel.command(command);
  }

  /** To the moment when message `idx` was the last; -1 = where one is, and from now that is the last of all. @param {number} idx */
  go(idx) {
    if (idx >= 0) this.#travel.go(idx + 1);
    else if (!this.away) this.#travel.go(countOf(this.#page.snapshot().log));
    this.show(this.#page.snapshot());
    this.#bar.focusSlider();
  }

  /** Back to the present. */
  leave() {
    this.#travel.leave();
    this.show(this.#page.snapshot());
  }

  /** More of the history is here. */
  pageCame() {
    this.#travel.pageCame();
  }

  /** What is known of the moment besides its messages; null now. @param {Snapshot} snapshot @returns {Moment | null} */
  moment(snapshot) {
    return this.#travel.moment(snapshot.log);
  }

  /** What the timeline is to show. @param {Snapshot} snapshot @returns {Snapshot} */
  shown(snapshot) {
    return this.away ? { ...snapshot, log: this.#travel.shown(snapshot.log), pending: [] } : snapshot;
  }

  /** @param {Snapshot} snapshot */
  show(snapshot) {
    this.#bar.hidden = !this.away;
    document.body.classList.toggle("travelling", this.away);
    if (this.away) this.#bar.showTravel(snapshot, this.#travel.known);
  }
}

/** A recording: its server sends what is to be shown. */
export class Recording {
  /** @param {World} world @param {Pick<Api, "replay" | "controlReplay">} api @param {Page} page */
  constructor(world, api, page) {
    this.#replay = new Replay(world, { ...page, ask: () => api.replay(), tell: (command) => api.controlReplay(command) });
  }

  #replay;
  #bar = find("replay-bar", ReplayBar);

  /** @param {Command} command */
  command(command) {
    this.#replay.command(command);
  }

  /** @param {Snapshot} snapshot */
  show(snapshot) {
    this.#replay.heard(snapshot.log.state);
    this.#bar.show(snapshot, this.#replay.known, this.#replay.pending);
  }
}
