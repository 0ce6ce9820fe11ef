/**
 * One terminal's WebSocket, and another when it breaks: the same waits and words as the stream's (`connection.js`).
 *
 * Each connection is sent the scrollback from the beginning, so the view is cleared before it. A page hears nothing of the
 * server's pings; so it pings by itself, and whenever it is looked at again, for a machine may have slept meanwhile.
 *
 * @import { Status } from "./connection.js"
 * @typedef {{ status: Status, dueAt: number, reason: string }} Link
 *   `dueAt`: when the next try comes, by the clock of the world; 0 = none is waited for. `reason` is the server's, or empty
 * @typedef {{
 *   replaying?: boolean, server_run?: string, size?: [number, number], own?: boolean, exit_status?: number | null, runs?: string,
 *   pong?: number,
 * }} Told  `server_run` is another once the server was restarted; `runs`: what stands in the way of closing the terminal
 * @typedef {{
 *   now: () => number, random: () => number, setTimer: (run: () => void, ms: number) => any, clearTimer: (timer: any) => void,
 *   open: () => WebSocket, hello: () => string,
 * }} Surroundings  `open` connects, `hello` is the first frame
 * @typedef {{
 *   onBegin: () => void, onData: (data: Uint8Array) => void, onTold: (told: Told) => void, onChange: (link: Link) => void,
 *   onClosed: () => void,
 * }} Hooks  `onClosed`: somebody closed the terminal, here or elsewhere
 */

import { backoff, SETTLED_MS } from "./connection.js";

export const PING_MS = 15_000;
/** From a ping to its answer. */
export const PATIENCE_MS = 6_000;
/** Of what is typed, at once: a server takes 1 MiB, and what is pasted may be more. */
export const PIECE_BYTES = 32 * 1024;

const CLOSED = 4204;
const NO_TOKEN = 4401;
/** There is no such terminal, and will be none. */
const FINAL = new Set([CLOSED, 4404, 4410]);

export class TerminalLink {
  /** @type {WebSocket | null} */
  #socket = null;
  #attempt = 0;
  #isWanted = false;
  /** @type {any} */
  #timer = null;
  /** @type {any} */
  #settling = null;
  /** @type {any} */
  #pinging = null;
  /** @type {any} */
  #patience = null;
  #wasOpen = false;
  /** What is asked for by `close` and not settled yet. @type {"" | "ask" | "now"} */
  #closing = "";
  /** @type {[number, number] | null} */
  #size = null;
  /** @type {Link} */
  link = { status: "connecting", dueAt: 0, reason: "" };

  /** @param {Surroundings} world @param {Hooks} hooks */
  constructor(world, hooks) {
    this.#world = world;
    this.#hooks = hooks;
  }

  #world;
  #hooks;

  start() {
    this.#isWanted = true;
    this.#open();
  }

  stop() {
    this.#isWanted = false;
    this.#drop();
    this.#change("ended", 0, "");
  }

  /** The user does not want to wait. */
  retryNow() {
    if (this.#isWanted && !this.#socket) this.#open();
  }

  /** The page is looked at again, or the network is back: what looks connected may be long gone. */
  wake() {
    if (!this.#isWanted) return;
    if (this.#socket?.readyState === WebSocket.OPEN) this.#ping();
    else if (!this.#socket) this.#open();
  }

  /** @param {Uint8Array} bytes dropped where nobody is connected: a shell must not get words from minutes ago */
  type(bytes) {
    for (let at = 0; at < bytes.length; at += PIECE_BYTES) this.#send(bytes.subarray(at, at + PIECE_BYTES));
  }

  /** @param {number} columns @param {number} rows */
  resize(columns, rows) {
    this.#size = [columns, rows];
    this.#send(JSON.stringify({ resize: this.#size }));
  }

  /** Closes the terminal for all, once there is a connection to say so. @param {"ask" | "now"} how */
  close(how) {
    this.#closing = how;
    this.#send(JSON.stringify({ close: how }));
  }

  get isClosing() {
    return this.#closing !== "";
  }

  /** What the first frame says of the size. */
  get size() {
    return this.#size;
  }

  /** @param {string | Uint8Array} data */
  #send(data) {
    if (this.#socket?.readyState === WebSocket.OPEN) this.#socket.send(/** @type {any} */ (data));
  }

  #open() {
    this.#drop();
    this.#change(this.#wasOpen ? "reconnecting" : "connecting", 0, this.link.reason);
    const socket = (this.#socket = this.#world.open());
    socket.binaryType = "arraybuffer";
    let isFirst = true;
    socket.onopen = () => {
      socket.send(this.#world.hello());
      if (this.#closing) this.close(this.#closing);
      this.#await();
    };
    socket.onmessage = ({ data }) => {
      this.#heard();
      if (isFirst) {
        isFirst = false;
        this.#begin();
      }
      if (typeof data === "string") this.#tell(JSON.parse(data));
      else this.#hooks.onData(new Uint8Array(data));
    };
    socket.onclose = ({ code, reason }) => this.#lost(code, reason);
    this.#await();
  }

  /** @param {Told} told */
  #tell(told) {
    if (told.runs !== undefined) this.#closing = "";
    this.#hooks.onTold(told);
  }

  #begin() {
    this.#wasOpen = true;
    this.#settling = this.#world.setTimer(() => (this.#attempt = 0), SETTLED_MS);
    this.#change("connected", 0, "");
    this.#hooks.onBegin();
    this.#later();
  }

  /** @param {number} code @param {string} reason */
  #lost(code, reason) {
    this.#drop();
    if (code === NO_TOKEN) return this.#change("unauthorized", 0, reason);
    if (FINAL.has(code)) {
      this.#isWanted = false;
      this.#change("ended", 0, reason);
      return code === CLOSED ? this.#hooks.onClosed() : undefined;
    }
    const delay = backoff(this.#attempt++, this.#world.random());
    this.#timer = this.#world.setTimer(() => this.#open(), delay);
    this.#change("reconnecting", this.#world.now() + delay, reason);
  }

  #ping() {
    this.#send(JSON.stringify({ ping: 0 }));
    this.#await();
    this.#later();
  }

  #later() {
    this.#world.clearTimer(this.#pinging);
    this.#pinging = this.#world.setTimer(() => this.#ping(), PING_MS);
  }

  /** Whoever says nothing from here on is gone. */
  #await() {
    this.#world.clearTimer(this.#patience);
    this.#patience = this.#world.setTimer(() => this.#lost(0, ""), PATIENCE_MS);
  }

  #heard() {
    this.#world.clearTimer(this.#patience);
  }

  #drop() {
    for (const timer of [this.#timer, this.#settling, this.#pinging, this.#patience]) this.#world.clearTimer(timer);
    const socket = this.#socket;
    this.#socket = null;
    if (!socket) return;
    socket.onopen = socket.onmessage = socket.onclose = null;
    socket.close();
  }

  /** @param {Status} status @param {number} dueAt @param {string} reason */
  #change(status, dueAt, reason) {
    this.link = { status, dueAt, reason };
    this.#hooks.onChange(this.link);
  }
}
