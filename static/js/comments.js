/**
 * Comments on lines, until they are put before the agent: one entry in localStorage for each, so that two tabs of one session
 * never write over each other's. All tabs show them all. What one tab has deleted, or put into its message, is gone in the
 * others: a tab that still holds it does not write it again.
 *
 * @import { Comment } from "./changes.js"
 */

import { keep, keysFrom, recall, recallJson } from "./storage.js";

/**
 * Tells by `changed` that they did, by `emptied` that all are gone at once, and by `elsewhere` that another tab wrote: `detail`
 * has the ids of those that came or are others, and of those that are gone.
 */
export class Comments extends EventTarget {
  /** @param {() => string} sessionId @param {() => string} newId @param {() => number} wallMs */
  constructor(sessionId, newId, wallMs) {
    super();
    this.#sessionId = sessionId;
    this.#newId = newId;
    this.#wallMs = wallMs;
    this.look();
  }

  #sessionId;
  #newId;
  #wallMs;
  #lastAt = 0;
  /** Ids of those whose entry is as we wrote or read it: storage may refuse some. @type {Set<string>} */
  #kept = new Set();
  /** In the order in which they were begun. @type {Comment[]} */
  all = [];

  /** @param {string} key @param {string} commit */
  of(key, commit) {
    return this.all.filter((each) => each.key === key && each.commit === commit);
  }

  /** One that has no text yet, and so is not among them. @param {Omit<Comment, "id" | "at" | "text">} place @returns {Comment} */
  begin(place) {
    this.#lastAt = Math.max(this.#wallMs(), this.#lastAt + 1);
    return { ...place, id: this.#newId(), at: this.#lastAt, text: "" };
  }

  /** With no text it goes. @param {Comment} comment @param {string} text */
  say(comment, text) {
    // What another tab has taken must not come twice. It may have done so just now, and not have been heard yet.
    if (this.#kept.has(comment.id) && recall(this.#nameOf(comment)) === null) return this.look();
    comment.text = text;
    this.all = this.all.filter((each) => each !== comment);
    if (text.trim()) this.#add(comment);
    this.#keep(comment);
    this.#tell("changed");
  }

  empty() {
    const { all } = this;
    this.all = [];
    for (const each of all) this.#keep({ ...each, text: "" });
    this.#tell("changed");
    this.#tell("emptied");
  }

  /** Take in what other tabs have written, and let go of what is gone. */
  look() {
    this.#adopt();
    const there = new Map(keysFrom(this.#prefix).map((name) => [name.slice(this.#prefix.length), recallJson(name)]));
    const gone = this.all.filter(({ id }) => this.#kept.has(id) && !there.get(id)).map(({ id }) => id);
    const came = [];
    this.all = this.all.filter(({ id }) => !gone.includes(id));
    for (const id of gone) this.#kept.delete(id);
    for (const [id, entry] of there) {
      const known = this.all.find((each) => each.id === id);
      // What storage refused is newer here than there.
      if (!entry || (known && (!this.#kept.has(id) || known.text === entry.text))) continue;
      came.push(id);
      // The one that is known stays the same object: a field may stand open over it.
      if (known) known.text = entry.text;
      else this.#add({ ...entry, id });
      this.#kept.add(id);
    }
    if (came.length + gone.length === 0) return;
    this.#tell("changed");
    this.dispatchEvent(new CustomEvent("elsewhere", { detail: { came, gone } }));
  }

  get #prefix() {
    return `trio-agent.comments.${this.#sessionId()}.`;
  }

  /** @param {Comment} comment */
  #nameOf({ id }) {
    return this.#prefix + id;
  }

  /** @param {Comment} comment */
  #add(comment) {
    this.all = [...this.all, comment].sort((one, other) => one.at - other.at);
  }

  /** @param {Comment} comment */
  #keep(comment) {
    const name = this.#nameOf(comment);
    const json = comment.text.trim() ? JSON.stringify(comment) : null;
    keep(name, json);
    if (json && recall(name) === json) this.#kept.add(comment.id);
    else this.#kept.delete(comment.id);
  }

  /** Once all comments of a session were one entry. */
  #adopt() {
    const name = this.#prefix.slice(0, -1);
    const old = recallJson(name);
    if (!Array.isArray(old)) return;
    for (const [at, each] of old.entries()) keep(`${name}.old-${at}`, JSON.stringify({ ...each, at }));
    keep(name, null);
  }

  /** @param {string} what */
  #tell(what) {
    this.dispatchEvent(new Event(what));
  }
}

/** Tells it of the page's life, and of what other tabs keep. @param {Comments} comments */
export function watchComments(comments) {
  // Others than those of this page have other names; a look at them finds nothing new.
  addEventListener("storage", ({ key }) => (key === null || key.startsWith("trio-agent.comments.")) && comments.look());
  // In the back/forward cache nothing is heard.
  addEventListener("pageshow", () => comments.look());
}
