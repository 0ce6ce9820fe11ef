/**
 * The player of a replay, as this page knows it. How far it has come the log itself tells; whether it plays, and how fast,
 * is asked for anew when the State has changed, for other pages have the same controls.
 *
 * One request at a time: commands that are given meanwhile are joined into the next, so that dragging costs no queue.
 *
 * @import { State } from "./wire.js"
 * @import { World } from "./stream.js"
 *
 * @typedef {{ position: number, count: number, playing: boolean, speed: number, log: string }} Replayed
 *   The first `position` of `count` messages are shown.
 * @typedef {{ position?: number, playing?: boolean, speed?: number }} Command
 */

/** Between two questions. While it plays the State changes all the time. */
export const ASK_MS = 500;

export class Replay {
  /**
   * @param {Pick<World, "setTimer">} world
   * @param {{
   *   ask: () => Promise<Replayed>, tell: (command: Command) => Promise<Replayed>,
   *   onChange: () => void, onFailure: (error: unknown) => void,
   * }} hooks  `onChange`: what is known or pending is another. `onFailure`: a command did not get through.
   */
  constructor(world, hooks) {
    this.#world = world;
    this.#hooks = hooks;
  }

  #world;
  #hooks;
  /** @type {Replayed | null} */
  known = null;
  /** What was commanded and is not confirmed yet. @type {Command} */
  #sent = {};
  /** @type {Command | null} */
  #next = null;
  #busy = false;
  #resting = false;
  #stale = false;
  /** @type {State | null} */
  #state = null;

  /** What is to be, as far as it is not yet. @returns {Command} */
  get pending() {
    return { ...this.#sent, ...this.#next };
  }

  /** @param {State | null} state the session's, whenever it may be another */
  heard(state) {
    if (!state || state === this.#state) return;
    this.#state = state;
    this.#stale = true;
    void this.#go();
  }

  /** @param {Command} command */
  command(command) {
    this.#next = { ...this.#next, ...command };
    this.#hooks.onChange();
    void this.#go();
  }

  async #go() {
    if (this.#busy) return;
    this.#busy = true;
    while (this.#next || (this.#stale && !this.#resting)) {
      if (this.#next) await this.#tell(this.#next);
      else await this.#ask();
      this.#hooks.onChange();
    }
    this.#busy = false;
  }

  /** @param {Command} command */
  async #tell(command) {
    this.#sent = command;
    this.#next = null;
    try {
      this.known = await this.#hooks.tell(command);
    } catch (error) {
      this.#hooks.onFailure(error);
    }
    this.#sent = {};
  }

  async #ask() {
    this.#stale = false;
    this.#resting = true;
    this.#world.setTimer(() => {
      this.#resting = false;
      void this.#go();
    }, ASK_MS);
    try {
      this.known = await this.#hooks.ask();
    } catch {
      // The page's connection says that the server is away; when it is back, the State comes anew.
    }
  }
}
