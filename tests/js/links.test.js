import assert from "node:assert/strict";
import { test } from "node:test";

import { Links } from "../../static/js/links.js";

/** @import { Message } from "../../static/js/wire.js" */

/** @param {number} idx @param {Record<string, unknown>} rest */
const message = (idx, rest) => /** @type {Message} */ (/** @type {unknown} */ ({ idx, content: "", conversation_id: "s", ...rest }));
/** @param {string} id */
const call = (id, name = "bash", input = "{}") => ({ name, input, tool_call_id: id });
/** @param {number} idx @param {Record<string, unknown>} rest */
const sub = (idx, rest, conversation_id = "s-1") => message(idx, { ...rest, conversation_id, parent_conversation_id: "s" });

const TASK = JSON.stringify({ task: "look" });
/** A turn with two calls, one of which is a sub-agent that calls a tool. */
const LOG = [
  message(0, { type: "user", content: "go" }),
  message(1, { type: "agent", tool_calls: [call("a"), call("b", "subagent", TASK)] }),
  sub(2, { type: "user", content: "look" }),
  message(3, { type: "tool", tool_call_id: "a" }),
  sub(4, { type: "agent", tool_calls: [call("c")] }),
  sub(5, { type: "tool", tool_call_id: "c" }),
  sub(6, { type: "agent", content: "found" }),
  message(7, { type: "tool", tool_call_id: "b", display: { kind: "subagent", conversation_id: "s-1" } }),
  message(8, { type: "agent", content: "done" }),
];
/** The row in which each message of the log is shown. @param {Links} links @param {Message[]} log */
const rows = (links, log) => log.map((each) => links.rowOf(each, (idx) => log.find((other) => other.idx === idx)));

test("results and what sub-agents say belong to the message that made the call", () => {
  const links = new Links();
  for (const each of LOG) links.add(each);
  assert.deepEqual(rows(links, LOG), [0, 1, 1, 1, 1, 1, 1, 1, 8]);
  assert.equal(links.answerTo("a", 1), 3);
  assert.equal(links.answerTo("x", 1), -1);
  assert.equal(links.conversationOf("b", 1), "s-1");
  assert.deepEqual(links.saidIn("s-1"), [2, 4, 5, 6]);
});

test("in whatever order pages come, it ends the same", () => {
  for (let cut = 1; cut < LOG.length; cut++) {
    const links = new Links();
    for (const each of [...LOG.slice(cut), ...LOG.slice(0, cut)]) links.add(each);
    assert.deepEqual(rows(links, LOG), [0, 1, 1, 1, 1, 1, 1, 1, 8], `cut before ${cut}`);
    assert.deepEqual(links.saidIn("s-1"), [2, 4, 5, 6]);
  }
});

test("while it works, a sub-agent is known by its task", () => {
  const links = new Links();
  for (const each of LOG.slice(0, 5)) links.add(each);
  assert.deepEqual(rows(links, LOG.slice(0, 5)), [0, 1, 1, 1, 1]);
});

test("two sub-agents with one task are two calls", () => {
  const links = new Links();
  links.add(message(0, { type: "agent", tool_calls: [call("a", "subagent", TASK), call("b", "subagent", TASK)] }));
  links.add(sub(1, { type: "user", content: "look" }, "s-1"));
  links.add(sub(2, { type: "user", content: "look" }, "s-2"));
  assert.deepEqual(new Set([links.conversationOf("a", 0), links.conversationOf("b", 0)]), new Set(["s-1", "s-2"]));
});

test("what belongs to no call that is known stands by itself, and says when that has changed", () => {
  const links = new Links();
  const [, maker, , answer, ...later] = LOG;
  assert.ok(maker && answer);
  assert.equal(links.add(answer), false);
  assert.equal(links.homeOf(answer), null);
  for (const each of later) links.add(each);
  assert.equal(links.add(maker), true);
  assert.deepEqual(links.homeOf(answer), { id: "a", maker: 1 });
  assert.equal(links.add(maker), false);
});

test("an id that is used again names the last call before", () => {
  const log = [
    message(0, { type: "agent", tool_calls: [call("a")] }),
    message(1, { type: "tool", tool_call_id: "a" }),
    message(2, { type: "agent", tool_calls: [call("a")] }),
    message(3, { type: "tool", tool_call_id: "a" }),
    message(4, { type: "agent", tool_calls: [call("a")] }),
  ];
  for (const order of [log, log.toReversed()]) {
    const links = new Links();
    for (const each of order) links.add(each);
    assert.deepEqual(rows(links, log), [0, 0, 2, 2, 4]);
    assert.deepEqual([links.answerTo("a", 0), links.answerTo("a", 2), links.answerTo("a", 4)], [1, 3, -1]);
    assert.deepEqual([links.isAnswered("a", 2), links.isAnswered("a", 4)], [true, false]);
  }
});
