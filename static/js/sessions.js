/**
 * What is done with sessions as a whole: listing, opening, finding, naming, archiving, deleting, forking them.
 *
 * @import { Api } from "./api.js"
 * @import { Intent } from "./dom.js"
 * @import { Store } from "./store.js"
 * @import { World } from "./stream.js"
 * @import { StreamEvent } from "./wire.js"
 */

import { ApiError } from "./api.js";
import { countOf } from "./reducer.js";
import { neighbour, takeRoster } from "./roster.js";
import { isSeen, Seen } from "./seen.js";
import { keep, recallJson } from "./storage.js";
import { t } from "./words.js";

export class Sessions {
  /**
   * @param {Pick<World, "setTimer">} world
   * @param {Api} api
   * @param {() => Store} store
   * @param {(doing: string, work: Promise<unknown>) => Promise<boolean>} attempt
   */
  constructor(world, api, store, attempt) {
    this.#api = api;
    this.#store = store;
    this.#attempt = attempt;
    this.#seen = new Seen(world, { recallJson, keep });
    addEventListener("storage", ({ key }) => {
      if (!isSeen(key)) return;
      this.#seen.read();
      this.#tell();
    });
    addEventListener("pagehide", () => this.#seen.write());
  }

  #api;
  #store;
  #attempt;
  #seen;

  /** The events of a stream, of which only some are about sessions. @param {readonly StreamEvent[]} events */
  take(events) {
    const { roster } = this.#store().snapshot;
    const told = takeRoster(roster, events);
    if (told !== roster) this.#tell(told);
  }

  /** Ask for them, and whether ours is one: where a session does not exist, or has ended, no stream tells of it. */
  async ask() {
    try {
      const sessions = await this.#api.sessions();
      this.#tell({ sessions, total: sessions.length });
      const here = this.#api.sessionId;
      this.#store().update({ gone: here !== "" && !sessions.some(({ session_id }) => session_id === here) });
    } catch (error) {
      console.info("the sessions are to be listed later", error);
    }
  }

  /** What another tab knows. @param {import("./roster.js").Roster | null} roster */
  adopt(roster) {
    if (roster) this.#tell(roster);
  }

  /** The user looks at what is here. */
  look() {
    const { log, roster } = this.#store().snapshot;
    if (document.hidden || !log.state) return;
    this.#seen.mark(log.state.session_id, Math.max(countOf(log), log.state.message_count));
    const here = log.state.session_id;
    if (roster && this.#store().snapshot.unread.has(here)) this.#tell();
  }

  #tell(roster = this.#store().snapshot.roster) {
    const here = this.#api.sessionId;
    const unread = this.#seen.unread(roster?.sessions ?? []);
    // What is on the screen is being read, whichever of the two was told first.
    if (!document.hidden) unread.delete(here);
    this.#store().update({ roster, unread });
  }

  /** @param {string} url as the server gives it, relative to the base */
  open(url) {
    location.assign(this.#api.rootUrl(url));
  }

  /** The next session in the list, or the one before. @param {1 | -1} steps */
  step(steps) {
    const next = neighbour(this.#store().snapshot.roster, this.#api.sessionId, steps);
    if (next && next.session_id !== this.#api.sessionId) this.open(next.url);
  }

  /** Does what is about sessions. @param {Intent} intent @returns {boolean} whether it was */
  act(intent) {
    switch (intent.kind) {
      case "new-session":
        void this.#attempt(t("A new session"), this.#begin(this.#api.createSession()));
        return true;
      case "fork":
        void this.#attempt(t("Forking"), this.#begin(this.#api.forkSession(this.#api.sessionId, intent.idx + 1)));
        return true;
      case "link":
        void this.#attempt(t("Copying the link"), navigator.clipboard.writeText(this.#linkTo(intent.idx)));
        return true;
      case "change-session":
        void answered(this.#api.changeSession(intent.sessionId, intent.change), intent.done);
        return true;
      case "delete-session":
        void answered(this.#delete(intent.sessionId, intent.stop), (problem, isBusy) => {
          intent.done(problem, isBusy);
          // Its address leads nowhere any more: on to the newest of the others.
          if (!problem && intent.sessionId === this.#api.sessionId) this.open(".");
        });
        return true;
      case "find":
        void this.#find(intent.text, intent.signal, intent.take);
        return true;
      default:
        return false;
    }
  }

  /** @param {string} sessionId @param {boolean} stop */
  async #delete(sessionId, stop) {
    if (stop) await this.#api.stopSession(sessionId);
    await this.#api.deleteSession(sessionId);
  }

  /** @param {Promise<{ url: string }>} begun */
  async #begin(begun) {
    this.open((await begun).url);
  }

  /** @param {number} idx */
  #linkTo(idx) {
    return this.#api.rootUrl(`sessions/${encodeURIComponent(this.#api.sessionId)}/#message-${idx}`);
  }

  /** @param {string} text @param {AbortSignal} signal @param {import("./dom.js").TakeFound} take */
  async #find(text, signal, take) {
    try {
      const found = await this.#api.find(text, signal);
      if (!signal.aborted) take(found, "");
    } catch (error) {
      if (!signal.aborted) take(null, error instanceof ApiError ? error.message : t("The server does not answer."));
    }
  }
}

/** @param {Promise<unknown>} work @param {import("./dom.js").Done} done with no problem where all went well */
async function answered(work, done) {
  try {
    await work;
    done("");
  } catch (error) {
    if (error instanceof ApiError && error.status === 409) done(t("The agent is at work in it. Stop it first."), true);
    else if (error instanceof ApiError && error.status === 404) done("");
    else done(error instanceof ApiError ? error.message : t("The server does not answer."));
  }
}
