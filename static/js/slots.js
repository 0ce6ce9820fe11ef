/**
 * Who of all pages of this browser may have a stream open. Over HTTP/1.1 a browser opens six connections to a server, for
 * all tabs together: with six streams open, no message can be sent and no page loads.
 *
 * So there are five slots, each a Web Lock. Four are kept for as long as their page wants. The last goes round: who has it
 * lets the next one have it as soon as it has caught up, and asks again later, by its cursor. Where a page that the user
 * looks at finds no slot free, it takes one from a page that they do not look at.
 *
 *   wanted  { from, rank }       to all: I queue for the last slot; I would rather have one to keep
 *   offer   { to, slot }         to one: take this, I rank lower
 *   taken   { }                  to all: the last slot has a new holder; who else wants it?
 *
 * @import { Tabs } from "./tabs.js"
 * @import { Slots } from "./stream.js"
 *
 * @typedef {{ kind: "wanted", from: string, rank: number } | { kind: "offer", to: string, slot: string }
 *   | { kind: "taken" }} Note
 */

export const KEPT_SLOTS = 4;
/** A turn ends when its page has caught up, or gives up a connection that brings nothing; one that lasts longer hangs. */
export const TURN_MS = 12_000;
/** How long a page waits for an offer before it is content with a turn; tabs answer each other within a few. */
const OFFER_MS = 50;

/** @implements {Slots} */
export class StreamSlots {
  /**
   * @param {Tabs} tabs
   * @param {string} name shared by all pages of one server
   * @param {() => number} rank how much the user sees of this page: 0 = it is hidden
   */
  constructor(tabs, name, rank) {
    this.#tabs = tabs;
    this.#name = name;
    this.#rank = rank;
  }

  #tabs;
  #name;
  #rank;

  /** @param {AbortSignal} signal @param {(atOnce: boolean) => void} giveWay */
  async take(signal, giveWay) {
    const me = this.#tabs.newId();
    const turn = `${this.#name} turn`;
    /** @type {string | null} The slot we hold. */
    let held = null;
    /** @type {(slot: string) => void} */
    let offered = () => undefined;
    /** @type {unknown} */
    let patience;
    let expectEnd = () => undefined;
    const channel = this.#tabs.open(turn, (/** @type {Note} */ note) => {
      if (note.kind === "offer" && note.to === me) offered(note.slot);
      else if (note.kind === "wanted" && held === turn) giveWay(false);
      else if (note.kind === "wanted" && held && this.#rank() < note.rank) say({ kind: "offer", to: note.from, slot: held });
      else if (note.kind === "taken" && held === null) {
        say({ kind: "wanted", from: me, rank: 0 });
        expectEnd();
      }
    });
    // Who leaves must not be heard any more, and a channel that is open may keep a page out of the back/forward cache.
    signal.addEventListener("abort", () => channel.close(), { once: true });
    /** @param {Note} note */
    const say = (note) => channel.post(note);
    /** @param {string} slot @param {LockOptions} options */
    const hold = async (slot, options) => {
      if (await this.#tabs.hold(slot, options, signal, () => giveWay(true))) held = slot;
      return held !== null || signal.aborted;
    };
    for (let i = 0; i < KEPT_SLOTS; i++) if (await hold(`${this.#name} ${i}`, { ifAvailable: true })) return;
    if (this.#rank() > 0) {
      /** @type {Promise<string>} */
      const offer = new Promise((resolve) => (offered = resolve));
      const timer = this.#tabs.setTimer(() => offered(""), OFFER_MS);
      say({ kind: "wanted", from: me, rank: this.#rank() });
      const slot = await offer;
      this.#tabs.clearTimer(timer);
      if (signal.aborted || (slot && (await hold(slot, { steal: true })))) return;
    }
    if (await hold(turn, { ifAvailable: true })) return say({ kind: "taken" });
    say({ kind: "wanted", from: me, rank: 0 });
    await new Promise((begin) => {
      expectEnd = () => {
        this.#tabs.clearTimer(patience);
        patience = this.#tabs.setTimer(() => void hold(turn, { steal: true }).then(begin), TURN_MS);
      };
      expectEnd();
      void hold(turn, {}).then(begin);
    });
    expectEnd = () => undefined;
    this.#tabs.clearTimer(patience);
    if (!signal.aborted) say({ kind: "taken" });
  }
}
