/**
 * One stream for all tabs that show the same session: a lock makes one of them the leader, which alone has a connection;
 * the others follow it over a channel. The browser frees the lock of a tab that is gone, and the next in its queue leads.
 *
 *   alone      no locks here, or the session is not known yet: a stream of our own
 *   entering   the lock is asked for         leading     it is ours: our stream is relayed (`relay.js`)
 *   following  it is another tab's (`follower.js`)     away   the page is in the back/forward cache, or frozen
 *
 * A leader whom the server refuses lets go of the lock, and each tab asks for itself: else one old tab would bar all later
 * ones, by an answer that the server would not give any more. Who is let in again shares again.
 *
 * A page that leaves lets go of everything, for a lock, a channel or a connection would keep it out of the back/forward cache.
 *
 * @import { Status } from "./connection.js"
 * @import { Connection, Slots, World } from "./stream.js"
 * @import { Excerpt } from "./excerpt.js"
 * @import { Log } from "./reducer.js"
 * @import { Roster } from "./roster.js"
 * @import { Call, News, Word } from "./relay.js"
 * @import { Channel, Tabs } from "./tabs.js"
 * @import { StreamEvent } from "./wire.js"
 *
 * @typedef {{
 *   request: () => { url: string, headers: Record<string, string> },
 *   group: () => string, hidden: () => boolean, wallMs: () => number, log: () => Log,
 *   onEvents: (events: StreamEvent[]) => boolean, onExcerpt: (told: Excerpt) => boolean,
 *   onChange: (connection: Connection) => void, roster?: () => Roster | null, onRoster?: (roster: Roster | null) => void,
 * }} Hooks
 *   `group` names what tabs must have in common to share a stream; empty while that is not known. `onExcerpt` answers, as
 *   `onEvents` does, whether what came fits. `roster` is what a tab that joins is told of all sessions; it is of no log.
 */

import { isRefusal } from "./connection.js";
import { Follower } from "./follower.js";
import { nextTerm, Relay } from "./relay.js";
import { EventStream } from "./stream.js";
import { t } from "./words.js";

export class SharedStream {
  /** @param {World} world @param {Tabs | null} tabs @param {Slots | null} slots @param {Hooks} hooks */
  constructor(world, tabs, slots, hooks) {
    this.#world = world;
    this.#tabs = tabs;
    this.#hooks = hooks;
    this.#stream = new EventStream(
      world,
      {
        request: hooks.request,
        onEvents: (events) => this.#take(events),
        onChange: (connection) => {
          if (this.#follower) return;
          this.#show(connection);
          if (this.#relay && isRefusal(connection.state)) this.#leave();
          this.#relay?.tell();
        },
      },
      slots,
    );
    this.connection = this.#stream.connection;
  }

  #world;
  #tabs;
  #hooks;
  #stream;
  /** @type {Relay | null} While we lead. */
  #relay = null;
  /** @type {Follower | null} While we follow. */
  #follower = null;
  /** @type {Channel | null} */
  #channel = null;
  /** Ends our part in the group we are in. */
  #part = new AbortController();
  #group = "";
  #away = false;
  /** The greatest term heard of. */
  #term = "";
  #wasConnected = false;

  /** Begin, or begin again: with another token or session, or after the server refused. */
  start() {
    if (this.#group && this.#group !== this.#hooks.group()) {
      this.#leave();
      this.#stream.stop();
    }
    if (this.#follower || this.#away) return;
    if (this.#group || !this.#tabs) return this.#stream.start();
    if (this.#hooks.group()) void this.#enter({ ifAvailable: true });
    else this.#stream.start();
  }

  retryNow() {
    if (this.#follower) this.#follower.retryNow();
    else this.#stream.retryNow();
  }

  online() {
    if (!this.#follower) this.#stream.online();
  }

  offline() {
    if (!this.#follower) this.#stream.offline();
  }

  /** The tab is looked at, or is not any more. */
  visibility() {
    if (this.#away) return;
    if (!this.#hooks.hidden()) {
      if (this.#follower) this.#follower.wake();
      else this.#stream.wake();
    }
    this.#relay?.tell();
  }

  /** The page goes into the back/forward cache, is frozen, or goes for good. */
  leave() {
    this.#away = true;
    this.#leave();
    this.#stream.stop();
  }

  /** It is back; or it has just been loaded. */
  back() {
    if (!this.#away) return this.visibility();
    this.#away = false;
    this.start();
  }

  /** @param {StreamEvent[]} events */
  #take(events) {
    const fits = this.#hooks.onEvents(events);
    this.#relay?.send(events);
    // What came may have told which session this is: from now on its tabs share.
    if (this.#tabs && !this.#group && this.#hooks.group()) void this.#enter({ ifAvailable: true });
    return fits;
  }

  /** @param {LockOptions | null} options how to ask for the lock; null: it is another tab's */
  async #enter(options) {
    const tabs = this.#tabs;
    if (!tabs) return;
    this.#leave();
    const group = this.#hooks.group();
    const part = new AbortController();
    const { signal } = part;
    this.#part = part;
    this.#group = group;
    this.#channel = tabs.open(group, (note) => this.#hear(note));
    const onStolen = () => void this.#enter(null);
    let leads = options !== null && (await tabs.hold(group, options, signal, onStolen));
    if (signal.aborted) return;
    if (!leads) {
      this.#follow();
      leads = await tabs.hold(group, {}, signal, onStolen);
      if (signal.aborted) return;
      this.#unfollow();
    }
    // A browser that refuses locks to this page has let the wait end without one.
    if (leads) this.#lead();
    this.#stream.start();
  }

  #leave() {
    this.#part.abort();
    this.#channel?.close();
    this.#channel = null;
    this.#relay = null;
    this.#group = "";
    this.#unfollow();
  }

  #unfollow() {
    this.#follower?.stop();
    this.#follower = null;
  }

  #lead() {
    this.#term = nextTerm(this.#term, this.#hooks.wallMs(), this.#tabs?.newId() ?? "");
    this.#relay = new Relay(this.#term, {
      post: (word) => this.#channel?.post(word.kind === "welcome" ? { ...word, roster: this.#hooks.roster?.() } : word),
      log: this.#hooks.log,
      news: () => this.#news(),
    });
  }

  #follow() {
    const { log, hidden, onEvents, onExcerpt } = this.#hooks;
    this.#follower = new Follower(this.#world, this.#term, {
      post: (call) => this.#channel?.post(call),
      newId: () => this.#tabs?.newId() ?? "",
      log,
      hidden,
      onEvents,
      onExcerpt,
      onNews: (news) => this.#learn(news),
      take: () => void this.#enter({ steal: true }),
    });
    this.#stream.stop();
  }

  /** @param {Word | Call} note */
  #hear(note) {
    const heard = "term" in note ? note.term : note.known;
    const newer = heard > this.#term;
    if (newer) this.#term = heard;
    if ("term" in note) {
      // Whichever tab it welcomes: all that the leader has told since is told to all.
      if (note.kind === "welcome" && heard >= this.#term) this.#hooks.onRoster?.(note.roster ?? null);
      if (this.#follower) this.#follower.hear(note);
      // Another tab has our lock, and we have not been told yet.
      else if (this.#relay && newer) void this.#enter(null);
      return;
    }
    if (!this.#relay) return;
    // Our term is not great enough for a tab that has followed another: the clock was set back.
    if (newer) this.#lead();
    if (note.kind === "retry") this.#stream.retryNow();
    // Not `wake`: while the server is away the others ask every second, and would leave nothing of the backoff.
    else if (note.kind === "ask") this.#stream.look();
    this.#relay.hear(note);
  }

  /** @param {News | null} news */
  #learn(news) {
    if (!news) {
      const { status } = this.connection;
      if (status !== "connected" && status !== "connecting") return;
      const doubt = { attempt: 0, dueAt: 0, heartbeatAt: this.connection.heartbeatAt, reason: t("the leading tab is silent") };
      return this.#show({ ...doubt, status: "connecting", state: "connecting", via: "tab" });
    }
    const now = this.#world.now();
    const { dueIn, heartbeatAge, hidden: _, ...rest } = news;
    const dueAt = dueIn > 0 ? now + dueIn : 0;
    this.#show({ ...rest, dueAt, heartbeatAt: heartbeatAge < 0 ? 0 : now - heartbeatAge, via: "tab" });
  }

  /** @returns {News} */
  #news() {
    const now = this.#world.now();
    const { dueAt, heartbeatAt, via: _, ...rest } = this.#stream.connection;
    const dueIn = dueAt > 0 ? Math.max(1, dueAt - now) : 0;
    return { ...rest, dueIn, heartbeatAge: heartbeatAt !== 0 ? now - heartbeatAt : -1, hidden: this.#hooks.hidden() };
  }

  /** @param {Connection} connection */
  #show(connection) {
    this.#wasConnected ||= connection.status === "connected";
    /** @type {Status} */
    const again = this.#wasConnected ? "reconnecting" : "connecting";
    this.connection = connection.status === "connecting" ? { ...connection, status: again } : connection;
    this.#hooks.onChange(this.connection);
  }
}
