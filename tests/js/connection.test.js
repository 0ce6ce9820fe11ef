import assert from "node:assert/strict";
import { test } from "node:test";

import {
  BACKOFF_BASE_MS,
  BACKOFF_CAP_MS,
  backoff,
  isRefusal,
  LATE_MS,
  LONGEST_WAIT_MS,
  REST_MS,
  statusOf,
  step,
  TABLE,
} from "../../static/js/connection.js";

/** @import { ConnectionState, Input } from "../../static/js/connection.js" */

const STATES = /** @type {ConnectionState[]} */ (Object.keys(TABLE));

/** @param {ConnectionState} state @param {Input[]} inputs */
const walk = (state, ...inputs) => inputs.reduce((at, input) => step(at, input).state, state);

test("every arrow leads to a state of the table", () => {
  for (const row of Object.values(TABLE))
    for (const [next] of Object.values(row)) assert.ok(STATES.includes(next), next);
});

test("every state but the closed one can be left", () => {
  for (const state of STATES) assert.equal(Object.keys(TABLE[state]).length === 0, state === "closed", state);
});

test("every state but idle can be reached", () => {
  const reached = new Set(["idle"]);
  for (let before = 0; before < reached.size;) {
    before = reached.size;
    for (const state of [...reached]) {
      for (const [next] of Object.values(TABLE[/** @type {ConnectionState} */ (state)])) reached.add(next);
    }
  }
  assert.deepEqual([...reached].sort(), [...STATES].sort());
});

test("a state that waits has a timer running, and one that is connecting has a request out", () => {
  for (const state of STATES) {
    for (const [input, [next, ...effects]] of Object.entries(TABLE[state])) {
      if (next === "waiting") assert.ok(effects.includes("schedule"), `${state} ${input}`);
      // A turn that is late has its request out already.
      const opening = (next === "connecting" && input !== "late") || next === "stale";
      if (opening) assert.ok(effects.includes("open"), `${state} ${input}`);
      if (next === "resting" && state !== "resting") assert.deepEqual(effects, ["rest"]);
      if (next === "offline") assert.ok(effects.includes("schedule") || effects.includes("open"), `${state} ${input}`);
      if (next === "closed") assert.deepEqual(effects, ["close"]);
      if (isRefusal(next) && !effects.includes("open")) assert.deepEqual(effects, ["close", "doubt"]);
    }
  }
});

test("only a connection that has lived settles the count of failed attempts, the network coming back, or a server that lets in", () => {
  const forgiving = STATES.flatMap((state) =>
    Object.entries(TABLE[state])
      .filter(([, row]) => row.includes("forgive"))
      .map(([input]) => `${state} ${input}`),
  );
  assert.deepEqual(forgiving.sort(), [
    "missing ready",
    "missing start",
    "offline online",
    "open settled",
    "resting settled",
    "returning settled",
    "unauthorized ready",
    "unauthorized start",
  ]);
});

test("an input that a state does not know changes nothing", () => {
  assert.deepEqual(step("closed", "lost"), { state: "closed", effects: [] });
  assert.deepEqual(step("waiting", "ready"), { state: "waiting", effects: [] });
  assert.deepEqual(step("open", "wake"), { state: "open", effects: [] });
});

test("a connection that goes silent is dropped and opened anew at once", () => {
  assert.deepEqual(step("open", "silent"), { state: "stale", effects: ["close", "open"] });
  assert.equal(walk("open", "silent", "ready"), "open");
  assert.equal(walk("open", "silent", "lost"), "waiting");
});

test("offline goes on trying, for a server on this machine needs no network", () => {
  assert.equal(walk("open", "offline", "due", "ready"), "open");
  assert.equal(walk("open", "offline", "due", "lost"), "offline");
});

test("an ended session stays ended whatever happens", () => {
  assert.equal(walk("open", "ended", "lost", "online", "wake", "now", "due", "start"), "closed");
});

test("a token given leads out of unauthorized", () => {
  assert.equal(walk("connecting", "refused", "wake", "online", "lost", "due"), "unauthorized");
  assert.equal(walk("unauthorized", "start", "ready"), "open");
});

test("the status never says connected unless the table says open, or is between two turns that go well", () => {
  const connected = STATES.filter((state) => statusOf(state, true) === "connected");
  assert.deepEqual(connected, ["open", "resting", "returning"]);
});

test("a turn that does not come in time is no connection, and one that fails even less", () => {
  assert.equal(walk("open", "yield", "due", "late"), "connecting");
  assert.equal(walk("open", "yield", "due", "lost"), "waiting");
  assert.equal(walk("open", "yield", "due", "ready"), "open");
  assert.ok(REST_MS + LATE_MS < 2000);
});

test("stop leads back to the beginning from everywhere", () => {
  for (const state of STATES) assert.deepEqual(step(state, "stop"), { state: "idle", effects: ["close"] });
});

test("the first connection is connecting and every later one reconnecting", () => {
  assert.equal(statusOf("connecting", false), "connecting");
  assert.equal(statusOf("connecting", true), "reconnecting");
  assert.equal(statusOf("waiting", false), "reconnecting");
});

test("the backoff doubles to its cap, with jitter between a quarter and the whole", () => {
  for (let attempt = 0; attempt < 40; attempt++) {
    const bound = Math.min(BACKOFF_CAP_MS, BACKOFF_BASE_MS * 2 ** attempt);
    assert.equal(backoff(attempt, 0), bound / 4);
    assert.ok(Math.abs(backoff(attempt, 0.999999) - bound) < 1);
  }
});

test("the first try after a loss comes within half a second", () => {
  assert.ok(backoff(0, 0.999) <= 500);
});

test("the server's wish is a floor, spread so that not all come back at once", () => {
  assert.equal(backoff(0, 0, 2000), 2000);
  assert.equal(backoff(0, 0.8, 2000), 2400);
  assert.equal(backoff(10, 0.999999, 2000) > 14_000, true);
});

test("no server can ask for a wait that looks like never", () => {
  assert.equal(backoff(0, 0.5, 10 ** 12), LONGEST_WAIT_MS);
});
