import assert from "node:assert/strict";
import { test } from "node:test";

import { neighbour, takeRoster } from "../../static/js/roster.js";

/** @param {string} id @param {object} more @returns {any} */
const row = (id, more = {}) => ({ session_id: id, created: `2026-11-${id}`, archived: false, message_count: 0, ...more });
/** @param {any[]} sessions @param {object} more */
const told = (sessions, more = {}) => ({
  event: "sessions",
  id: "",
  data: JSON.stringify({ sessions, gone: [], whole: false, total: 9, ...more }),
});
const WHOLE = takeRoster(null, [told([row("20"), row("10")], { whole: true, total: 2 })]);
/** @param {import("../../static/js/roster.js").Roster | null} roster */
const ids = (roster) => roster?.sessions.map(({ session_id }) => session_id);

test("the whole list replaces what was known", () => {
  assert.deepEqual(ids(WHOLE), ["20", "10"]);
  assert.deepEqual(ids(takeRoster(WHOLE, [told([row("30")], { whole: true })])), ["30"]);
});

test("a change replaces the row in its place", () => {
  const changed = takeRoster(WHOLE, [told([row("10", { title: "other" })])]);
  assert.deepEqual(ids(changed), ["20", "10"]);
  assert.equal(changed?.sessions[1]?.title, "other");
  assert.equal(changed?.total, 9);
});

test("new sessions stand at the top, the newest first, and one that is only new to us at the end", () => {
  assert.deepEqual(ids(takeRoster(WHOLE, [told([row("30"), row("31"), row("05")])])), ["31", "30", "20", "10", "05"]);
});

test("a deleted session is gone", () => {
  assert.deepEqual(ids(takeRoster(WHOLE, [told([], { gone: ["20"] })])), ["10"]);
});

test("changes before the whole list, and other events, change nothing", () => {
  assert.equal(takeRoster(null, [told([row("30")])]), null);
  assert.equal(takeRoster(WHOLE, [{ event: "message", id: "", data: "{}" }]), WHOLE);
});

test("the neighbour is that of the list on screen, where the archive is not", () => {
  const roster = takeRoster(null, [told([row("30"), row("20", { archived: true }), row("10")], { whole: true })]);
  assert.equal(neighbour(roster, "30", 1)?.session_id, "10");
  assert.equal(neighbour(roster, "10", -1)?.session_id, "30");
  assert.equal(neighbour(roster, "10", 1), null);
  assert.equal(neighbour(roster, "20", 1)?.session_id, "10", "the one that is looked at is listed");
  assert.equal(neighbour(roster, "unknown", 1)?.session_id, "30");
  assert.equal(neighbour(null, "30", 1), null);
});
