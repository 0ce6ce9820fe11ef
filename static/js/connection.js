/**
 * What the connection to the server is, as a table: a state and an input give the next state and what to do.
 *
 * Nothing here waits, reads a clock or touches the network; `stream.js` does what the effects say.
 *
 *   idle          not started                      waiting       between two tries, a timer runs
 *   connecting    a request is out, no `ready` yet  offline       the browser says there is no network; tries go on slowly
 *   open          `ready` came, bytes flow          closed        the session has ended; nothing more will come
 *   stale         silence: dropped, being reopened  unauthorized  the server wants a token
 *   resting       gave its slot to another page     missing       there is no such session
 *   returning     from rest: a request is out, or queues for a slot
 *
 * Offline still tries: a server on this very machine answers without any network, and then the browser's word is wrong.
 *
 * A refusal is the server's word of that moment: another server may have stood on its port, or an older store behind it. So
 * both refusals ask again, seldom and whenever the page is looked at, and are shown until another answer comes.
 *
 * A browser allows six connections, so pages may have to take turns (`slots.js`): `yield` ends a healthy connection, which
 * comes back by its cursor after a rest. Rest and return are still "connected", for what is shown is no older than a turn;
 * one that takes longer is `late`, and is not called connected any more.
 *
 * Effects: `open` (drop what is there, send a request), `close`, `schedule` (a `due` after the backoff), `settle` (a
 * `settled` once the connection has lived SETTLED_MS, rests included), `forgive` (forget failed attempts), `rest` (drop what
 * is there, a `due` after REST_MS), `expect` (a `late` after LATE_MS), `doubt` (a `due` after DOUBT_MS).
 *
 * @typedef {"idle" | "connecting" | "open" | "stale" | "waiting" | "offline" | "resting" | "returning" | "closed"
 *   | "unauthorized" | "missing"} ConnectionState
 * @typedef {"start" | "ready" | "lost" | "silent" | "refused" | "absent" | "ended" | "resync" | "settled" | "due" | "now"
 *   | "wake" | "online" | "offline" | "yield" | "late" | "stop"} Input
 * @typedef {"open" | "close" | "schedule" | "settle" | "forgive" | "rest" | "expect" | "doubt"} Effect
 * @typedef {"connecting" | "connected" | "reconnecting" | "offline" | "ended" | "unauthorized"} Status
 */

/** A connection that dies younger than this is a failed attempt, or a server that accepts and drops would be hammered. */
export const SETTLED_MS = 30_000;
export const BACKOFF_BASE_MS = 500;
export const BACKOFF_CAP_MS = 15_000;
/** A server may ask for a longer wait than our cap, but not for one that looks like never. */
export const LONGEST_WAIT_MS = 300_000;
/** How long a page that takes turns leaves its slot to others; with LATE_MS no more than two seconds. */
export const REST_MS = 1000;
/** From the end of a rest: a turn that has not come by then is no connection. */
export const LATE_MS = 900;
/** From a refusal to the next try that nobody asked for. */
export const DOUBT_MS = 30_000;

/**
 * While a request is out and has not said `ready`.
 * @type {Partial<Record<Input, readonly [ConnectionState, ...Effect[]]>>}
 */
const OPENING = {
  // The slot was taken away before the server answered: queue for another.
  yield: ["connecting", "open"],
  ready: ["open", "settle"],
  lost: ["waiting", "close", "schedule"],
  silent: ["waiting", "close", "schedule"],
  resync: ["waiting", "close", "schedule"],
  refused: ["unauthorized", "close", "doubt"],
  absent: ["missing", "close", "doubt"],
  ended: ["closed", "close"],
  offline: ["offline", "close", "schedule"],
};

/**
 * After a refusal: what is shown stays until the server says otherwise, or a form would vanish while somebody fills it in.
 * @param {"unauthorized" | "missing"} state
 * @returns {Partial<Record<Input, readonly [ConnectionState, ...Effect[]]>>}
 */
const barred = (state) => ({
  start: ["connecting", "forgive", "open"],
  due: [state, "open"],
  now: [state, "open"],
  wake: [state, "open"],
  online: [state, "open"],
  yield: [state, "open"],
  ready: ["open", "forgive", "settle"],
  lost: [state, "close", "doubt"],
  silent: [state, "close", "doubt"],
  resync: [state, "close", "doubt"],
  refused: ["unauthorized", "close", "doubt"],
  absent: ["missing", "close", "doubt"],
  ended: ["closed", "close"],
});

/** @type {Record<ConnectionState, Partial<Record<Input, readonly [ConnectionState, ...Effect[]]>>>} */
export const TABLE = {
  idle: { start: ["connecting", "open"] },
  connecting: OPENING,
  open: {
    lost: ["waiting", "close", "schedule"],
    silent: ["stale", "close", "open"],
    // Not at once: a server that keeps sending what does not fit would be asked in a hot loop.
    resync: ["waiting", "close", "schedule"],
    ended: ["closed", "close"],
    offline: ["offline", "close", "schedule"],
    settled: ["open", "forgive"],
    yield: ["resting", "rest"],
  },
  stale: OPENING,
  resting: {
    due: ["returning", "open", "expect"],
    now: ["returning", "open", "expect"],
    wake: ["returning", "open", "expect"],
    online: ["returning", "open", "expect"],
    offline: ["offline", "schedule"],
    settled: ["resting", "forgive"],
  },
  returning: {
    ...OPENING,
    // Not `settle`: its time goes on from before the rest.
    ready: ["open"],
    late: ["connecting"],
    settled: ["returning", "forgive"],
    yield: ["returning", "open"],
  },
  waiting: {
    due: ["connecting", "open"],
    now: ["connecting", "open"],
    wake: ["connecting", "open"],
    online: ["connecting", "open"],
    offline: ["offline", "schedule"],
  },
  offline: {
    ready: ["open", "settle"],
    lost: ["offline", "close", "schedule"],
    silent: ["offline", "close", "schedule"],
    resync: ["offline", "close", "schedule"],
    refused: ["unauthorized", "close", "doubt"],
    absent: ["missing", "close", "doubt"],
    ended: ["closed", "close"],
    yield: ["offline", "open"],
    due: ["offline", "open"],
    now: ["connecting", "open"],
    online: ["connecting", "forgive", "open"],
  },
  closed: {},
  unauthorized: barred("unauthorized"),
  missing: barred("missing"),
};

/**
 * The next state and the effects, in order. An input that a state does not know is late news and changes nothing; `stop`
 * leads from everywhere back to the beginning.
 * @param {ConnectionState} state
 * @param {Input} input
 * @returns {{ state: ConnectionState, effects: readonly Effect[] }}
 */
export function step(state, input) {
  if (input === "stop") return { state: "idle", effects: ["close"] };
  const row = TABLE[state][input];
  if (!row) return { state, effects: [] };
  const [next, ...effects] = row;
  return { state: next, effects };
}

/**
 * Milliseconds to wait before attempt number `attempt` (0 = the first after a loss): full jitter below a doubling bound.
 * @param {number} attempt
 * @param {number} random in [0, 1)
 * @param {number} floorMs what the server asked for at least; 0 = nothing
 */
export function backoff(attempt, random, floorMs = 0) {
  const bound = Math.min(BACKOFF_CAP_MS, BACKOFF_BASE_MS * 2 ** Math.min(attempt, 16));
  const delay = bound * (0.25 + 0.75 * random);
  if (floorMs <= delay) return delay;
  // All clients were given the same floor: spread them behind it, or they come back as one wave.
  return Math.min(LONGEST_WAIT_MS, floorMs * (1 + 0.25 * random));
}

/** Whether the server has said no. @param {ConnectionState} state */
export function isRefusal(state) {
  return state === "unauthorized" || state === "missing";
}

/**
 * What to tell the user. `wasOpen`: this page has been connected before.
 * @param {ConnectionState} state
 * @param {boolean} wasOpen
 * @returns {Status}
 */
export function statusOf(state, wasOpen) {
  switch (state) {
    case "idle":
    case "connecting":
      return wasOpen ? "reconnecting" : "connecting";
    case "open":
    case "resting":
    case "returning":
      return "connected";
    case "stale":
    case "waiting":
      return "reconnecting";
    case "offline":
      return "offline";
    case "closed":
    case "missing":
      return "ended";
    case "unauthorized":
      return "unauthorized";
  }
}
