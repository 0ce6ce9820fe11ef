import assert from "node:assert/strict";
import { test } from "node:test";

import { rowsOf, running, takeTasks, ticking } from "../../static/js/tasks.js";

/** @import { Row, ToldTask } from "../../static/js/tasks.js" */

/** @param {ToldTask[]} tasks */
const told = (...tasks) => ({ now_s: 500, tasks });
/** @param {ReturnType<typeof told>} data */
const event = (data) => ({ event: "tasks", data: JSON.stringify(data), id: "" });
/** @param {number[]} pairs id, parent, id, parent, … */
const tree = (...pairs) => running(told(...pairs.flatMap((id, at) => (at % 2 ? [] : [limited(id, pairs[at + 1] ?? 0)]))), 0).tasks;
/** @param {Row[]} rows */
const short = (rows) => rows.map(({ task: { id }, level }) => `${" ".repeat(level - 1)}${id}`);
/** @param {number} id @param {number} parent @param {number} [deadline_s] @returns {ToldTask} */
const limited = (id, parent, deadline_s) => ({ id, parent, kind: "tool", since_s: 0, ...(deadline_s && { deadline_s }) });

test("the server's times become ours by what its clock says now", () => {
  const { tasks } = running(told({ id: 1, kind: "turn", since_s: 488, deadline_s: 560.5 }), 1_000_000);
  assert.equal(tasks[0]?.since, 988_000);
  assert.equal(tasks[0]?.deadline, 1_060_500);
});

test("what was left out of the wire has its value", () => {
  const { tasks } = running(told({ id: 1, kind: "turn", since_s: 500 }), 0);
  assert.deepEqual(tasks, [
    { id: 1, parent: 0, kind: "turn", name: "", since: 0, deadline: 0, cancelled: false, stoppable: false, toolCallId: "", idx: -1 },
  ]);
});

test("the last of several events counts, and other events change nothing", () => {
  const known = takeTasks(null, [event(told({ id: 1, kind: "turn", since_s: 1 })), event(told())], 0);
  assert.deepEqual(known, { now: 500, tasks: [] });
  assert.equal(takeTasks(known, [{ event: "state", data: "{}", id: "" }], 0), known);
});

test("a new connection tells anew, so what was known is not kept as if it were", () => {
  const known = running(told({ id: 1, kind: "turn", since_s: 1 }), 0);
  assert.equal(takeTasks(known, [{ event: "ready", data: "{}", id: "" }], 0), null);
});

test("each row follows what it is part of, and says where it stands among its siblings", () => {
  const rows = rowsOf(tree(1, 0, 2, 1, 3, 0, 4, 2, 5, 1), new Set());
  assert.deepEqual(short(rows), ["1", " 2", "  4", " 5", "3"]);
  assert.deepEqual(
    rows.map(({ position, siblings, parts }) => [position, siblings, parts]),
    [[1, 2, 2], [1, 2, 1], [1, 1, 0], [2, 2, 0], [2, 2, 0]],
  );
});

test("what is folded away shows none of its parts, nor theirs", () => {
  const rows = rowsOf(tree(1, 0, 2, 1, 4, 2, 3, 0), new Set([1]));
  assert.deepEqual(short(rows), ["1", "3"]);
  assert.deepEqual(rows.map(({ open, parts }) => [open, parts]), [[false, 1], [false, 0]]);
});

test("one whose parent is not told of stands by itself", () => {
  assert.deepEqual(short(rowsOf(tree(7, 3, 8, 7), new Set())), ["7", " 8"]);
});

test("a deadline is shown once, at the outermost that it holds for", () => {
  const { tasks } = running(told(limited(1, 0, 600), limited(2, 1, 600), limited(3, 2, 550), limited(4, 0), limited(5, 4)), 0);
  assert.deepEqual(rowsOf(tasks, new Set()).map(({ deadline }) => deadline), [100_000, 0, 50_000, 0, 0]);
});

test("times tick in a form that is as wide for every second", () => {
  assert.deepEqual(
    [0, 999, 7000, 59_999, 60_000, 723_000, 3_599_000, 3_723_000, -500].map(ticking),
    ["0:00", "0:00", "0:07", "0:59", "1:00", "12:03", "59:59", "1:02:03", "0:00"],
  );
});
