/**
 * The server's side of the stream, as docs/stream.md has it, for tests in node: sessions with a log, and text being written.
 *
 * @import { Exchange } from "./world.js"
 *
 * @typedef {{ id: string, messages: string[], tags: string[], text: string, written: string[] }} Log
 *   `tags[n]` is the tag after n messages; `written[n]` what had been written when message n took its place.
 * @typedef {{
 *   exchange: Exchange, session: string, log: Log, sent: number, text: number, told: number, beat: boolean,
 *   deliver: (task: () => unknown) => void,
 * }} Stream  `sent` messages; `text`: characters of what is being written; `told`: the count of the last state, -1 = none.
 */

export class FakeServer {
  /** @type {Map<string, Log>} */
  logs = new Map();
  /** Every log there ever was, by its id. @type {Map<string, Log>} */
  history = new Map();
  /** @type {Stream[]} */
  streams = [];
  up = true;
  /** What the server itself answers instead of a stream: 401 or 404; 0 = it lets all in. */
  refusal = 0;
  /** Requests there have been. */
  requests = 0;

  /** @param {string} session */
  log(session) {
    return this.logs.get(session) ?? this.swap(session);
  }

  /** Another log takes the place of the session's: what clients have is void. @param {string} session */
  swap(session) {
    const log = { id: `log${this.history.size}`, messages: [], tags: ["0"], text: "", written: [] };
    this.logs.set(session, log);
    this.history.set(log.id, log);
    this.cut(session);
    return log;
  }

  append(text = "", session = "s") {
    const log = this.log(session);
    const content = text || `${log.id} message ${log.messages.length}`;
    log.messages.push(content);
    log.tags.push(`${log.tags.at(-1)}${content.length % 7}`.slice(-6));
    log.written.push(log.text);
    log.text = "";
    for (const stream of this.streams) if (stream.log === log) stream.text = 0;
  }

  /** @param {string} text */
  write(text, session = "s") {
    this.log(session).text += text;
  }

  /** Connections are lost. @param {string} session empty for those of all */
  cut(session = "") {
    const lost = this.streams.filter((stream) => !session || stream.session === session);
    for (const { exchange, deliver } of lost) deliver(() => exchange.tear());
    this.streams = this.streams.filter((stream) => !lost.includes(stream));
  }

  /** @param {Exchange} exchange the client is gone */
  drop(exchange) {
    this.streams = this.streams.filter((stream) => stream.exchange !== exchange);
  }

  /**
   * @param {Exchange} exchange
   * @param {string} session
   * @param {string} cursor
   * @param {(task: () => unknown) => void} deliver
   */
  connect(exchange, session, cursor, deliver) {
    this.requests += 1;
    if (!this.up) return deliver(() => exchange.fail());
    const status = this.refusal;
    if (status) {
      return deliver(() => exchange.answer(status, { "Content-Type": "application/problem+json" }));
    }
    const log = this.log(session);
    const [id = "", count = "0", tag = ""] = cursor.split(".");
    const known = id === log.id && log.tags[Number(count)] === tag;
    const from = known ? Number(count) : 0;
    const place = cursorOf(log, from);
    deliver(() => exchange.answer());
    let opening = encode("ready", { log: log.id, from, count: log.messages.length, heartbeat: 15 }, place);
    if (cursor && !known) opening += encode("reset", { reason: "new_log", log: log.id, from }, place);
    deliver(() => exchange.bytes(opening));
    this.streams.push({ exchange, session, log, sent: from, text: 0, told: -1, beat: false, deliver });
    exchange.init.signal?.addEventListener("abort", () => this.drop(exchange));
  }

  beat() {
    for (const stream of this.streams) stream.deliver(() => stream.exchange.bytes(encode("heartbeat", 1)));
  }

  /** Sends each stream what it lacks. */
  pump() {
    for (const stream of this.streams) while (this.push(stream, Infinity));
  }

  /** Sends a piece of what the stream lacks; answers whether there was one. @param {Stream} stream @param {number} most */
  push(stream, most) {
    const { log, exchange, deliver, sent } = stream;
    const until = Math.min(log.messages.length, sent + most);
    let bytes = "";
    for (let idx = sent; idx < until; idx++) {
      bytes += encode("message", { idx, type: "agent", content: log.messages[idx] }, cursorOf(log, idx + 1));
    }
    stream.sent = until;
    const whole = until === log.messages.length;
    if (whole && stream.text < log.text.length) {
      const text = log.text.slice(stream.text);
      bytes += encode("delta", { idx: until, part: "content", offset: stream.text, text });
      stream.text = log.text.length;
    }
    if (stream.told !== until) {
      bytes += encode("state", { message_count: until, agent_state: "ProcessingLLMResponse", session_id: stream.session });
      stream.told = until;
    }
    if (!bytes) return false;
    deliver(() => exchange.bytes(bytes));
    return true;
  }
}

/** @param {Log} log @param {number} count */
const cursorOf = (log, count) => `${log.id}.${count}.${log.tags[count]}`;

/** @param {string} event @param {unknown} data @param {string} id */
function encode(event, data, id = "") {
  return `event: ${event}\n${id && `id: ${id}\n`}data: ${JSON.stringify(data)}\n\n`;
}
