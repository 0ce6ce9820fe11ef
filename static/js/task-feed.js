/**
 * Keeps the store's `tasks` by what the stream brings. The stream of a tab that follows another one may have told long ago:
 * that tab asks once.
 *
 * @import { Api } from "./api.js"
 * @import { Store } from "./store.js"
 * @import { StreamEvent } from "./wire.js"
 */

import { ApiError } from "./api.js";
import { running, takeTasks } from "./tasks.js";
import { t } from "./words.js";

export class TaskFeed {
  /** @param {Pick<Api, "tasks" | "cancelTask">} api @param {() => Store} store @param {() => number} wallMs */
  constructor(api, store, wallMs) {
    this.#api = api;
    this.#store = store;
    this.#wallMs = wallMs;
  }

  #api;
  #store;
  #wallMs;

  /** @param {readonly StreamEvent[]} events */
  take(events) {
    const { tasks } = this.#store().snapshot;
    const told = takeTasks(tasks, events, this.#wallMs());
    if (told !== tasks) this.#store().update({ tasks: told });
  }

  /** Another tab told us what it has, which is no tasks. */
  async ask() {
    try {
      const told = running(await this.#api.tasks(), this.#wallMs());
      const { tasks } = this.#store().snapshot;
      // What the stream brought meanwhile is newer.
      if (!tasks || tasks.now < told.now) this.#store().update({ tasks: told });
    } catch {
      // The stream tells of whatever changes next; until then nothing is shown, which is said by nothing being shown.
    }
  }

  /** @param {number} id @param {(problem: string) => void} done */
  async stop(id, done) {
    try {
      await this.#api.cancelTask(id);
      done("");
    } catch (error) {
      // One that is not there any more has ended by itself.
      if (error instanceof ApiError && error.status === 404) done("");
      else done(error instanceof ApiError ? error.message : t("The server does not answer."));
    }
  }
}
