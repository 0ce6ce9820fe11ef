/**
 * Timers by name, one of each at most: setting one anew forgets the one before.
 *
 * @template {string} Name
 */
export class Alarms {
  /** @param {{ setTimer: (run: () => void, ms: number) => unknown, clearTimer: (timer: any) => void }} world */
  constructor(world) {
    this.#world = world;
  }

  #world;
  /** @type {Map<Name, unknown>} */
  #timers = new Map();

  /** @param {Name} name @param {number} ms @param {() => void} run */
  set(name, ms, run) {
    this.stop(name);
    this.#timers.set(name, this.#world.setTimer(run, ms));
  }

  /** @param {Name} name */
  stop(name) {
    this.#world.clearTimer(this.#timers.get(name));
    this.#timers.delete(name);
  }
}
