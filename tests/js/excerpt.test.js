import assert from "node:assert/strict";
import { test } from "node:test";

import { adopt, excerpt, TOLD_MESSAGES } from "../../static/js/excerpt.js";
import { EMPTY, reduce } from "../../static/js/reducer.js";

/** @import { Log } from "../../static/js/reducer.js" */

const NOW = { current: true, insist: false };
const BEHIND = { current: false, insist: false };

/** A log of `count` messages whose tags tell what `kind` it is. @param {number} count */
function logOf(count, kind = "t", id = "abc") {
  const cursor = (/** @type {number} */ n) => `${id}.${n}.${n === 0 ? "0" : kind + n}`;
  const events = [{ event: "ready", data: JSON.stringify({ log: id, from: 0, count }), id: cursor(0) }];
  for (let idx = 0; idx < count; idx++) {
    events.push({ event: "message", data: JSON.stringify({ idx, content: `${kind}${idx}` }), id: cursor(idx + 1) });
  }
  return reduce(EMPTY, events).log;
}

/** @param {Log | null} log */
const contents = (log) => log?.messages.map(({ content }) => content);

/** @param {Log} from @param {Log} to @param {{ current: boolean, insist: boolean }} how */
function tell(from, to, how = NOW) {
  const told = excerpt(from, to.cursor, how);
  return told && adopt(to, told);
}

test("who has any beginning of the log is told the rest, and then has the same", () => {
  const whole = logOf(5);
  for (let count = 0; count <= 5; count++) {
    const mine = { ...logOf(count), state: null };
    const told = excerpt(whole, mine.cursor, NOW);
    assert.equal(told?.messages.length, 5 - count);
    assert.deepEqual(adopt(mine, told), whole);
  }
});

test("who has nothing is told everything, and drops nothing", () => {
  assert.deepEqual(tell(logOf(3), EMPTY), logOf(3));
  assert.equal(tell(logOf(3), EMPTY, BEHIND)?.generation, 0);
});

test("text being written and the output of tools are told as they stand", () => {
  const written = { idx: 2, content: { text: "so far", length: 6 }, thinking: { text: "", length: 0 } };
  const outputs = new Map([["call", { text: "line", end: 4 }]]);
  const told = tell({ ...logOf(2), draft: written, outputs }, { ...logOf(1), draft: { ...written, idx: 1 } });
  assert.deepEqual([told?.draft, told?.outputs], [written, outputs]);
});

test("a cursor with another tag proves that the content differs: everything is told anew", () => {
  const told = tell(logOf(4, "t"), logOf(2, "x"));
  assert.deepEqual(contents(told), ["t0", "t1", "t2", "t3"]);
  assert.equal(told?.generation, 1);
});

test("another log is told anew", () => {
  assert.equal(tell(logOf(4), logOf(2, "t", "xyz"))?.generation, 1);
});

test("who has not heard the server lately does not say that another is wrong", () => {
  assert.equal(excerpt(logOf(4), logOf(2, "x").cursor, BEHIND), null);
  assert.equal(excerpt(logOf(4), logOf(6).cursor, BEHIND), null);
  assert.equal(excerpt(logOf(4), logOf(6).cursor, { current: false, insist: true }), null);
  assert.ok(excerpt(logOf(4), logOf(2).cursor, BEHIND), "what is proved needs no server");
});

test("who has more of the same log is not told to drop it at once, but in the end", () => {
  assert.equal(excerpt(logOf(4), logOf(6).cursor, NOW), null);
  assert.equal(excerpt(logOf(4), logOf(6).cursor, { current: true, insist: true })?.anew, true);
});

test("who has nothing is told everything by one who asks for it anew, and drops nothing", () => {
  const data = JSON.stringify({ log: "abc", from: 9, count: 9 });
  const { log } = reduce(logOf(0), [{ event: "ready", data, id: "abc.9.t9" }]);
  assert.equal(log.cursor, "", "no longer what this test is about");
  assert.deepEqual([tell(log, EMPTY)?.log, tell(log, EMPTY)?.generation], ["abc", 0]);
});

test("who has no log yet has nothing to tell", () => {
  assert.equal(excerpt(EMPTY, "", NOW), null);
});

test("what does not continue the log is not taken", () => {
  const told = excerpt(logOf(5), logOf(2).cursor, NOW);
  assert.ok(told);
  assert.equal(adopt(logOf(3), told), null);
  assert.equal(adopt(logOf(2, "t", "xyz"), told), null);
});

test("cursors that are no places are not proof", () => {
  for (const cursor of ["abc", "abc.", "abc.x.t2", "abc.-1.t2", "abc.1.5.t2", "abc.99.t99", "....", "abc.2.t3"]) {
    assert.equal(excerpt(logOf(3), cursor, { current: true, insist: true })?.anew ?? "place", true, cursor);
  }
});

test("a log that begins later proves its places all the same", () => {
  const late = { ...logOf(5), base: 2, messages: logOf(5).messages.slice(2) };
  assert.equal(excerpt(late, logOf(4).cursor, NOW)?.from, 4);
  assert.equal(excerpt(late, logOf(1).cursor, NOW)?.anew, true);
  assert.equal(excerpt(late, "abc.0.0", NOW)?.anew, true);
});

test("who begins anew in a long log is told its end", () => {
  const whole = logOf(TOLD_MESSAGES + 100);
  const told = tell(whole, EMPTY);
  assert.deepEqual([told?.base, told?.messages.length], [100, TOLD_MESSAGES]);
  assert.equal(told?.cursor, whole.cursor);
  const behind = logOf(10);
  assert.equal(tell(whole, behind)?.messages.length, whole.messages.length);
});

test("who joins is told what waits to be read", () => {
  const waiting = /** @type {const} */ ([{ idx: 1, when: "after_turn" }]);
  assert.deepEqual(tell({ ...logOf(2), waiting }, EMPTY)?.waiting, waiting);
  assert.deepEqual(tell({ ...logOf(2), waiting }, logOf(1))?.waiting, waiting);
});
