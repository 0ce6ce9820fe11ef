/**
 * Reads an event stream, cut anywhere. Source: WHATWG HTML § 9.2.5 "Parsing an event stream" and § 9.2.6.
 *
 * LF, CR and CRLF end a line and nothing else does: U+2028 is text. A UTF-8 sequence may lie across a cut. An event
 * larger than its bound is an error, never an endless buffer.
 *
 * @import { StreamEvent } from "./wire.js"
 */

export const MAX_EVENT_CHARS = 64 * 1024 * 1024;

const LINE_END = /\r\n|\n|\r/g;

export class EventParser {
  /** @param {number} maxChars */
  constructor(maxChars = MAX_EVENT_CHARS) {
    /** What to resume from: the id of the last event that came whole, never of one still on its way. */
    this.lastEventId = "";
    /** @type {number | null} The last `retry:` in milliseconds. */
    this.retryMs = null;
    this.#maxChars = maxChars;
  }

  #maxChars;
  // Not "fatal": the standard replaces what is invalid. It also drops a leading byte order mark, as the standard asks.
  #decoder = new TextDecoder("utf-8");
  #afterCr = false;
  /** @type {string[]} A line that has begun and not ended, in the pieces it came in. */
  #pieces = [];
  /** Characters of that line, and of the data lines before it. */
  #pending = 0;
  #size = 0;
  #event = "";
  #id = "";
  /** @type {string[]} */
  #data = [];

  /**
   * The events that `chunk` completed. Throws RangeError for an event beyond the bound.
   * @param {Uint8Array} chunk
   * @returns {StreamEvent[]}
   */
  feed(chunk) {
    let text = this.#decoder.decode(chunk, { stream: true });
    if (this.#afterCr && text) {
      this.#afterCr = false;
      if (text.startsWith("\n")) text = text.slice(1);
    }
    /** @type {StreamEvent[]} */
    const events = [];
    let begin = 0;
    for (const match of text.matchAll(LINE_END)) {
      const end = match.index + match[0].length;
      // A CR at the very end ends its line now; an LF that opens the next chunk belongs to it.
      this.#afterCr = match[0] === "\r" && end === text.length;
      this.#hold(text.slice(begin, match.index));
      const line = this.#pieces.join("");
      this.#pieces = [];
      this.#pending = 0;
      begin = end;
      const event = this.#take(line);
      if (event) events.push(event);
    }
    if (begin < text.length) this.#hold(text.slice(begin));
    return events;
  }

  /** @param {string} piece */
  #hold(piece) {
    // Pieces are joined once, at the line's end: joining at every chunk would cost the square of a long line.
    this.#pieces.push(piece);
    this.#pending += piece.length;
    if (this.#size + this.#pending > this.#maxChars) throw new RangeError(`an event of more than ${this.#maxChars} characters`);
  }

  /** @param {string} line */
  #take(line) {
    if (line === "") return this.#dispatch();
    const colon = line.indexOf(":");
    const field = colon < 0 ? line : line.slice(0, colon);
    const raw = colon < 0 ? "" : line.slice(colon + 1);
    const value = raw.startsWith(" ") ? raw.slice(1) : raw;
    if (field === "event") this.#event = value;
    else if (field === "data") {
      this.#data.push(value);
      // The line's end counts too, or endless empty lines would be an event of no size.
      this.#size += value.length + 1;
    } else if (field === "id" && !value.includes("\0")) this.#id = value;
    // The standard sets no end to the number; no client waits longer than these say.
    else if (field === "retry" && /^[0-9]{1,9}$/.test(value)) this.retryMs = Number(value);
    // Anything else is a comment, or a field of a later standard.
    return null;
  }

  #dispatch() {
    const event = this.#event;
    const data = this.#data;
    this.#event = "";
    this.#data = [];
    this.#size = 0;
    this.lastEventId = this.#id;
    if (data.length === 0) return null;
    return { event: event || "message", data: data.join("\n"), id: this.lastEventId };
  }
}
