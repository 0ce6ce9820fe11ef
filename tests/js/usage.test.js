import assert from "node:assert/strict";
import { test } from "node:test";

import { tally, tokensOf } from "../../static/js/usage.js";

/** @import { Message, MessageType } from "../../static/js/wire.js" */
/** @import { Turn } from "../../static/js/usage.js" */

let idx = 0;
/** @param {MessageType} type @param {Partial<Message>} [more] @returns {Message} */
const at = (type, more) => {
  const timestamp = `2026-11-23T10:00:${String(idx % 60).padStart(2, "0")}Z`;
  return { type, idx: idx++, content: "", end_of_turn: false, conversation_id: "s", timestamp, ...more };
};
const usage = (cost = 0, input = 10, output = 5, read = 0, written = 0) => ({
  usage: { input_tokens: input, output_tokens: output, cache_read_input_tokens: read, cache_creation_input_tokens: written, cost_usd: cost },
});
/** @param {string} content */
const user = (content) => at("user", { content });
/** @param {number} [cost] @param {Partial<Message>} [more] */
const answer = (cost = 0.1, more = {}) => at("agent", { ...usage(cost), ...more });
const last = (cost = 0.1, ms = 2000) => answer(cost, { end_of_turn: true, turnDuration: ms * 1e6 });
/** @param {string} name @param {number} [ms] @param {Partial<Message>} [more] */
const tool = (name, ms = 100, more = {}) => at("tool", { tool_name: name, elapsed: ms * 1e6, ...more });
/** @param {Message[]} messages */
const turns = (...messages) => tally(messages).turns;
/** @param {readonly Turn[]} list */
const short = (list) => list.map(({ words, answers, tools, over }) => `${words}: ${answers} answers, ${tools} tools${over ? "" : ", running"}`);

test("a turn is what is done from the user's words to the answer that ends it", () => {
  assert.deepEqual(short(turns(user("one"), answer(), tool("bash"), last(), user("two"), last(), user("three"), answer())), [
    "one: 2 answers, 1 tools",
    "two: 1 answers, 0 tools",
    "three: 1 answers, 0 tools, running",
  ]);
});

test("tokens and money are summed, what was written to a cache as input", () => {
  const [turn] = turns(user("a"), at("agent", usage(0.25, 100, 20, 3000, 40)), at("agent", { ...usage(0.5, 1, 2, 3, 4), end_of_turn: true }));
  assert.deepEqual([turn.input, turn.cached, turn.output, turn.cost], [145, 3003, 22, 0.75]);
  assert.equal(tokensOf(turn), 3170);
});

test("what the user says while a turn goes on belongs to it", () => {
  assert.deepEqual(short(turns(user("one"), answer(), user("meanwhile"), tool("a"), last())), ["one: 2 answers, 1 tools"]);
});

test("what was queued for after the turn is what the next one is about", () => {
  const list = turns(user("one"), answer(), user("later"), last(), answer());
  assert.deepEqual(short(list), ["one: 2 answers, 0 tools", "later: 1 answers, 0 tools, running"]);
});

test("a stop, a failure and a budget end a turn", () => {
  for (const end of [() => at("error", { content: "Cancelled: enough" }), () => at("budget", { end_of_turn: true })]) {
    const list = turns(user("one"), answer(), end(), user("two"), last());
    assert.deepEqual(short(list), ["one: 1 answers, 0 tools", "two: 1 answers, 0 tools"]);
    assert.ok(list[0].ms > 0, "by its messages, where nothing says how long it was");
  }
});

test("a sub-agent's work counts for the turn that made it, and its task begins none", () => {
  const sub = { conversation_id: "s-1", parent_conversation_id: "s" };
  const list = turns(user("one"), answer(), { ...user("find it"), ...sub }, answer(0.3, sub), { ...tool("grep"), ...sub }, tool("subagent"), last());
  assert.deepEqual(short(list), ["one: 3 answers, 2 tools"]);
  assert.equal(list[0].cost.toFixed(2), "0.50");
});

test("a command that asked no model is no turn", () => {
  assert.deepEqual(turns(user("/model"), at("auto", { content: "The model is demo." })), []);
});

test("a turn whose beginning is not at hand is told without its words", () => {
  const [turn] = turns(tool("bash"), last());
  assert.deepEqual([turn.words, turn.idx, turn.over], ["", -1, true]);
});

test("tools are counted by name, the one that took most time first", () => {
  const { tools } = tally([user("a"), tool("read_file", 5), tool("bash", 900), tool("bash", 100, { tool_error: true, tool_result: "exit 1" }), last()]);
  assert.deepEqual(tools, [
    { name: "bash", calls: 2, failed: 1, ms: 1000, given: 6, tokens: 0, cost: 0 },
    { name: "read_file", calls: 1, failed: 0, ms: 5, given: 0, tokens: 0, cost: 0 },
  ]);
});

test("long words are cut, and of several lines the first names the turn", () => {
  const [turn] = turns(user(`  ${"x".repeat(100)}\nmore`), last());
  assert.equal(turn.words, `${"x".repeat(80)}…`);
});

test("what a sub-agent's models used is its tool's, before that has given an answer, too", () => {
  const sub = { conversation_id: "s-1", parent_conversation_id: "s" };
  const begun = [user("one"), answer(), { ...user("find it"), ...sub }, answer(0.3, sub), { ...tool("grep"), ...sub }];
  const before = tally(begun).tools.find(({ name }) => name === "subagent");
  assert.deepEqual(before, { name: "subagent", calls: 0, failed: 0, ms: 0, given: 0, tokens: 15, cost: 0.3 });
  const { tools } = tally([...begun, answer(0.2, sub), tool("subagent", 900, { tool_result: "found" }), last()]);
  assert.deepEqual(tools[0], { name: "subagent", calls: 1, failed: 0, ms: 900, given: 5, tokens: 30, cost: 0.5 });
  assert.deepEqual([tools[1].name, tools[1].tokens, tools[1].cost], ["grep", 0, 0]);
});
