import assert from "node:assert/strict";
import { test } from "node:test";

import { Seen } from "../../static/js/seen.js";

/** @param {Record<string, number>} counts @returns {any[]} */
const rows = (counts) => Object.entries(counts).map(([session_id, message_count]) => ({ session_id, message_count }));

function browser() {
  /** @type {Map<string, string>} */
  const kept = new Map();
  /** @type {(() => void)[]} */
  const timers = [];
  const storage = {
    /** @param {string} key */
    recallJson: (key) => JSON.parse(kept.get(key) ?? "null"),
    /** @param {string} key @param {string | null} value */
    keep: (key, value) => void kept.set(key, value ?? ""),
  };
  /** @param {() => void} run */
  const setTimer = (run) => timers.push(run);
  return {
    visit: () => new Seen({ setTimer }, storage),
    later: () => timers.splice(0).forEach((run) => run()),
    writes: () => timers.length,
  };
}

test("on the first visit nothing is unread, and what comes after it is", () => {
  const seen = browser().visit();
  assert.deepEqual([...seen.unread(rows({ a: 3, b: 0 }))], []);
  assert.deepEqual([...seen.unread(rows({ a: 4, b: 0, c: 1 }))], ["a", "c"]);
});

test("what was looked at is read, also on the next visit", () => {
  const { visit, later } = browser();
  const seen = visit();
  seen.unread(rows({ a: 3 }));
  seen.mark("a", 5);
  later();
  assert.deepEqual([...visit().unread(rows({ a: 5, b: 1 }))], ["b"]);
});

test("two tabs do not undo each other's notes", () => {
  const { visit, later } = browser();
  const one = visit();
  one.unread(rows({ a: 1, b: 1 }));
  const other = visit();
  one.mark("a", 7);
  other.mark("b", 8);
  later();
  one.read();
  assert.deepEqual([...one.unread(rows({ a: 7, b: 8 }))], []);
  assert.deepEqual([...visit().unread(rows({ a: 7, b: 8 }))], []);
});

test("a session that works is not written down with each of its messages", () => {
  const { visit, writes } = browser();
  const seen = visit();
  seen.unread(rows({ a: 0 }));
  for (let count = 1; count <= 1000; count++) seen.mark("a", count);
  assert.equal(writes(), 1);
});

test("a session of which no count is known is not unread", () => {
  const seen = browser().visit();
  seen.unread(rows({ a: 0 }));
  assert.deepEqual([...seen.unread([.../** @type {any[]} */ ([{ session_id: "b", message_count: null }])])], []);
});
