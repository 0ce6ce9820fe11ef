/**
 * The contents of files that the server does not have yet. Each is brought to it once, whoever asks: the field as soon as the file
 * is chosen, the outbox when its message is to go. What belongs to a message that waits is shelved too, for the next visit.
 *
 * @import { Attached } from "./wire.js"
 *
 * @typedef {Omit<Attached, "name">} Brought
 * @typedef {{
 *   shelve: (id: string, file: Blob) => Promise<unknown>, unshelved: (id: string) => Promise<Blob | null>,
 *   unshelve: (id: string) => Promise<unknown>,
 * }} Shelf
 */

/** The page was closed, and the browser has not kept the file. */
export class NotKept extends Error {}

export class Contents {
  /** @param {(file: Blob, signal: AbortSignal) => Promise<Brought>} upload @param {Shelf} shelf */
  constructor(upload, shelf) {
    this.#upload = upload;
    this.#shelf = shelf;
  }

  #upload;
  #shelf;
  /** @type {Map<string, Blob>} */
  #held = new Map();
  /** On their way, or there: an answer is some hundred bytes. @type {Map<string, { answer: Promise<Brought>, request: AbortController }>} */
  #bringing = new Map();

  /** @param {string} id @param {Blob} file */
  hold(id, file) {
    this.#held.set(id, file);
  }

  /** Shelve it. @param {string} id */
  keep(id) {
    const file = this.#held.get(id);
    if (file) void this.#shelf.shelve(id, file);
  }

  /** @param {string} id @returns {Promise<Blob | null>} */
  async get(id) {
    return this.#held.get(id) ?? (await this.#shelf.unshelved(id));
  }

  /** Bring it to the server. Who gives up gives up for all that wait for it. @param {string} id @param {AbortSignal} signal */
  bring(id, signal) {
    const { answer, request } = this.#bringing.get(id) ?? this.#begin(id);
    if (signal.aborted) request.abort();
    else signal.addEventListener("abort", () => request.abort(), { once: true });
    return answer;
  }

  /** @param {string} id */
  drop(id) {
    this.#bringing.get(id)?.request.abort();
    this.#bringing.delete(id);
    this.#letGo(id);
  }

  /** @param {string} id */
  #begin(id) {
    const request = new AbortController();
    const begun = { answer: this.#bring(id, request.signal), request };
    this.#bringing.set(id, begun);
    begun.answer.then(
      () => this.#letGo(id),
      () => this.#bringing.get(id) === begun && this.#bringing.delete(id),
    );
    return begun;
  }

  /** @param {string} id @param {AbortSignal} signal */
  async #bring(id, signal) {
    const file = await this.get(id);
    if (!file) throw new NotKept();
    return await this.#upload(file, signal);
  }

  /** @param {string} id */
  #letGo(id) {
    this.#held.delete(id);
    void this.#shelf.unshelve(id);
  }
}
