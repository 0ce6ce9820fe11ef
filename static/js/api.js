/**
 * The HTTP API, relative to wherever the page is served from.
 *
 * @import { ChangedLines, Changes, FileLines } from "./changes.js"
 * @import { Command, Replayed } from "./replay.js"
 * @import { ToldTask } from "./tasks.js"
 * @import { LinesAsked } from "./views/diff-file.js"
 * @import { Beside } from "./outbox.js"
 * @import { Attached, Found, Message, SessionSummary } from "./wire.js"
 */

/** Another one whenever the server renders messages in another way (`web/render.py`). */
const RENDERER = 2;

/** The server answered, and the answer was no. `status` is HTTP's; `message` is fit for the user. */
export class ApiError extends Error {
  /** @param {number} status @param {string} message @param {number} retryAfterMs 0 = the server named no time */
  constructor(status, message, retryAfterMs = 0) {
    super(message);
    this.status = status;
    this.retryAfterMs = retryAfterMs;
  }
}

export const TOKEN_KEY = "trio-agent.token";
/** Who waits longer for an answer is told that there is none. */
const PING_MS = 5000;

export class Api {
  /**
   * @param {{
   *   fetch: (url: string, init: RequestInit) => Promise<Response>, base: string, sessionId: string, token: string,
   * }} page
   *   `base` is the absolute address that all routes are relative to.
   */
  constructor(page) {
    this.#fetch = page.fetch;
    this.#base = page.base;
    /** The session all calls go to; empty for the newest. Fixed as soon as it is known, or a message could reach another. */
    this.sessionId = page.sessionId;
    this.token = page.token;
  }

  #fetch;
  #base;

  /** @param {string} route @returns {string} */
  url(route) {
    const session = this.sessionId ? `sessions/${encodeURIComponent(this.sessionId)}/` : "";
    return new URL(session + route, this.#base).href;
  }

  /** @param {string} route relative to the base, of no session */
  rootUrl(route) {
    return new URL(route, this.#base).href;
  }

  /** The WebSocket of a terminal, which takes the token in its first frame. @param {number} number */
  terminal(number) {
    return new WebSocket(this.url(`terminal/${number}`).replace(/^http/, "ws"));
  }

  /** @returns {Record<string, string>} */
  headers() {
    return this.token ? { Authorization: `Bearer ${this.token}` } : {};
  }

  /**
   * @param {string} text
   * @param {string} key Idempotency-Key
   * @param {AbortSignal | null} signal
   * @param {Beside} beside
   * @returns {Promise<{ log: string, idx: number }>}
   */
  async chat(text, key, signal = null, { files = [], queued = false } = {}) {
    const attachments = files.map(({ blob, name }) => ({ blob, name }));
    const body = { message: text, ...(attachments.length > 0 && { attachments }), ...(queued && { queued }) };
    const response = await this.#post(this.url("chat"), body, { "Idempotency-Key": key }, signal);
    return response.json();
  }

  /** Bring a file, for a message to name. @param {Blob} file @param {AbortSignal} signal @returns {Promise<Omit<Attached, "name">>} */
  async upload(file, signal) {
    const headers = { ...this.headers(), "Content-Type": "application/octet-stream" };
    return (await this.#ask(this.url("blobs"), { method: "POST", headers, body: file, signal })).json();
  }

  /** Take back a message that nobody has read yet. @param {number} idx */
  async withdraw(idx) {
    await this.#post(this.url("withdraw"), { idx });
  }

  /** The same for one of which nobody knows whether it arrived. @param {string} key @param {AbortSignal} signal */
  async withdrawPosted(key, signal) {
    await this.#post(this.url("withdraw"), { key }, {}, signal);
  }

  /** Names of files that fit what is typed, the likeliest first. @param {string} typed @param {AbortSignal} signal @returns {Promise<string[]>} */
  async fileNames(typed, signal) {
    const response = await this.#get(this.url(`files?${new URLSearchParams({ match: typed })}`), "no-store", signal);
    return (await response.json()).names;
  }

  /** @param {string} toolCallId empty = the whole turn */
  async cancel(toolCallId = "") {
    await this.#post(this.url("cancel"), toolCallId ? { tool_call_id: toolCallId } : {});
  }

  /** What runs. @returns {Promise<{ now_s: number, tasks: ToldTask[] }>} */
  async tasks() {
    return (await this.#get(this.url("tasks"))).json();
  }

  /** Answers when it is gone. @param {number} task */
  async cancelTask(task) {
    await this.#post(this.url("cancel"), { task });
  }

  /**
   * A message's Markdown as sanitised HTML. The browser may keep it for ever, so the log is part of its address: in a store
   * that was restored, the index is another message's. So is what renders it: one from before may have hidden what is told now.
   * @param {number} idx
   * @param {string} log
   */
  async html(idx, log) {
    const response = await this.#get(this.url(`messages/${idx}/html?log=${encodeURIComponent(log)}&by=${RENDERER}`), "default");
    // A captive portal answers 200 too, with a page of its own, and that is neither the message nor sanitised.
    if (!response.headers.has("X-Request-Id")) throw new Error("something else answered in the server's place");
    return response.text();
  }

  /** Messages [start, end). @param {number} start @param {number} end @returns {Promise<Message[]>} */
  async messages(start, end) {
    return (await this.#get(this.url(`messages?start=${start}&end=${end}`))).json();
  }

  /** @param {string} commit empty = everything since the session began */
  async diff(commit) {
    const query = commit ? `?commit=${encodeURIComponent(commit)}` : "";
    return (await this.#get(this.url(`diff${query}`))).text();
  }

  /** The files that changed. @param {string} commit empty = all since the start @returns {Promise<Changes>} */
  async changes(commit) {
    return (await this.#get(this.url(`changes?${new URLSearchParams(commit ? { commit } : {})}`))).json();
  }

  /** What changed in one of them. `path` and `old` are percent-encoded already. @param {LinesAsked} asked @returns {Promise<ChangedLines>} */
  async changedLines({ path, old, commit, start, context, ignoreSpace }) {
    const rest = { start: String(start), context: String(context), ...(commit && { commit }), ...(ignoreSpace && { space: "ignore" }) };
    const query = `path=${path}${old && `&old_path=${old}`}&${new URLSearchParams(rest)}`;
    return (await this.#get(this.url(`changes/lines?${query}`))).json();
  }

  /**
   * A file of the workspace, from line `start` on. `path` is percent-encoded already.
   * @param {{ path: string, at: string, start: number }} asked  `at` is a commit, empty = as it is now
   * @returns {Promise<FileLines>}
   */
  async fileLines({ path, at, start }) {
    return (await this.#get(this.url(`files/lines?path=${path}&start=${start}${at && `&at=${at}`}`))).json();
  }

  /** What a message only refers to. It never changes, so the browser may keep it. @param {string} id @returns {Promise<Blob>} */
  async blob(id) {
    return (await this.#get(this.rootUrl(`blobs/${encodeURIComponent(id)}`), "default")).blob();
  }

  /**
   * Sessions and messages in which the words of `text` stand.
   * @param {string} text
   * @param {AbortSignal | null} signal
   * @returns {Promise<Found>}
   */
  async find(text, signal = null) {
    return (await this.#get(this.rootUrl(`search?text=${encodeURIComponent(text)}`), "no-store", signal)).json();
  }

  /** How long an answer of the server takes; throws where there is none. @param {() => number} now in milliseconds */
  async ping(now) {
    const asked = now();
    await this.#ask(this.rootUrl("healthz"), { cache: "no-store", signal: AbortSignal.timeout(PING_MS) });
    return now() - asked;
  }

  /** A session with the first `index` messages of another. @param {string} session @param {number} index @returns {Promise<{ url: string }>} */
  async forkSession(session, index) {
    return (await this.#post(this.rootUrl("sessions"), { fork: { session, index } })).json();
  }

  /** All of them, newest first. @returns {Promise<SessionSummary[]>} */
  async sessions() {
    return (await this.#get(this.rootUrl("sessions"))).json();
  }

  /** Stop the turn that runs in it; answers when what it ran is gone. @param {string} sessionId */
  async stopSession(sessionId) {
    await this.#post(`${this.#sessionUrl(sessionId)}/cancel`, {});
  }

  /** @param {string} sessionId @param {{ title?: string, archived?: boolean }} change */
  async changeSession(sessionId, change) {
    const headers = { ...this.headers(), "Content-Type": "application/json" };
    await this.#ask(this.#sessionUrl(sessionId), { method: "PATCH", headers, body: JSON.stringify(change) });
  }

  /** @param {string} sessionId */
  async deleteSession(sessionId) {
    await this.#ask(this.#sessionUrl(sessionId), { method: "DELETE", headers: this.headers() });
  }

  /** @returns {Promise<{ session_id: string, url: string }>} */
  async createSession() {
    return (await this.#post(this.rootUrl("sessions"), {})).json();
  }

  /** Of the server of a replay alone. @returns {Promise<Replayed>} */
  async replay() {
    return (await this.#get(this.rootUrl("replay"))).json();
  }

  /** @param {Command} command @returns {Promise<Replayed>} */
  async controlReplay(command) {
    return (await this.#post(this.rootUrl("replay"), command)).json();
  }

  /** @param {string} sessionId */
  #sessionUrl(sessionId) {
    return this.rootUrl(`sessions/${encodeURIComponent(sessionId)}`);
  }

  /** @param {string} url @param {RequestCache} cache @param {AbortSignal | null} signal */
  #get(url, cache = "no-store", signal = null) {
    return this.#ask(url, { headers: this.headers(), cache, signal });
  }

  /** @param {string} url @param {unknown} body @param {Record<string, string>} headers @param {AbortSignal | null} signal */
  #post(url, body, headers = {}, signal = null) {
    const all = { ...this.headers(), "Content-Type": "application/json", ...headers };
    return this.#ask(url, { method: "POST", headers: all, body: JSON.stringify(body), signal });
  }

  /**
   * Throws ApiError for an answer that is no, and what fetch throws where there is none.
   * @param {string} url
   * @param {RequestInit} init
   */
  async #ask(url, init) {
    const response = await this.#fetch(url, init);
    if (response.ok) return response;
    const problem = await response.json().catch(() => ({}));
    const message = problem.detail || problem.title || `the server answered ${response.status}`;
    throw new ApiError(response.status, message, 1000 * (Number(response.headers.get("Retry-After")) || 0));
  }
}
