import assert from "node:assert/strict";
import { test } from "node:test";

import { EMPTY } from "../../static/js/reducer.js";
import { logThen } from "../../static/js/state-then.js";

/** @param {number} input @param {number} cost */
const usage = (input, cost) => ({
  ...{ input_tokens: input, output_tokens: 1, cost_usd: cost, cache_creation_input_tokens: 0, cache_read_input_tokens: 2 },
});
/** @param {number} idx @param {object} more @returns {any} */
const said = (idx, more = {}) => ({ idx, type: "agent", content: "", timestamp: "", end_of_turn: false, ...more });
const PLAN = [{ id: "a", task: "look", status: "completed" }];
const LATER = [{ id: "a", task: "write", status: "queued" }];
const LOG = [
  said(0, { type: "user" }),
  said(1, { usage: usage(10, 0.1), model: "small" }),
  said(2, { type: "tool", tool_name: "todo_write", display: { kind: "todo", tasks: PLAN } }),
  said(3, { usage: usage(20, 0.2), model: "large" }),
  said(4, { type: "tool", tool_name: "todo_write", input: JSON.stringify({ tasks: LATER }) }),
  said(5, { type: "tool", tool_name: "todo_write", tool_error: true, input: JSON.stringify({ tasks: [] }) }),
  said(6, { usage: usage(5, 0), parent_conversation_id: "s" }),
];
const NOW = {
  ...{ message_count: LOG.length, agent_state: "WaitingForUserInput", todo: LATER, model: "large", context_used: 23, context_window: 100 },
  ...{ branch_name: "work", sandbox: "bwrap", diff_lines_added: 7, diff_lines_removed: 1, streams: 2, outstanding_tool_calls: ["bash"] },
  total_usage: {
    ...{ input_tokens: 35, output_tokens: 3, cache_read_input_tokens: 6, cache_creation_input_tokens: 0, total_cost_usd: 0.3, messages: 3 },
    tool_uses: { todo_write: 3 },
  },
};

/** At `count` messages, of which those from `held` on are here, the store having what is from `base` on. @param {number} count */
function then(count, { base = 0, held = 0, gone = -1 } = {}) {
  const log = /** @type {any} */ ({ ...EMPTY, log: "l", base, messages: LOG.slice(base), state: NOW });
  const known = logThen(log, count, (idx) => (idx >= held && idx !== gone ? LOG[idx] : undefined));
  return { ...known, state: /** @type {any} */ (known.log.state) };
}
/** @param {any} state */
const used = ({ total_usage: each }) => [
  ...[each.input_tokens, each.output_tokens, each.cache_read_input_tokens, Number(each.total_cost_usd.toFixed(9)), each.messages],
];

test("what was used, the plan and the model are those of the moment", () => {
  const { log, state, countedFrom } = then(3);
  assert.deepEqual(log.messages.map(({ idx }) => idx), [0, 1, 2]);
  assert.deepEqual(used(state), [10, 1, 2, 0.1, 1]);
  assert.deepEqual([state.todo, state.model, state.context_used, countedFrom], [PLAN, "small", 13, 0]);
});

test("what does not change stays, and what is not known of the moment is left out", () => {
  const { state } = then(4);
  assert.deepEqual([state.branch_name, state.sandbox], ["work", "bwrap"]);
  assert.deepEqual([state.diff_lines_added, state.streams, state.outstanding_tool_calls], [0, 0, []]);
  assert.deepEqual([then(1).state.todo, then(1).state.context_window], [[], 0]);
});

test("a list that was refused is no plan", () => {
  for (const count of [5, 6, 7]) assert.deepEqual(then(count).state.todo, LATER);
});

test("where older messages are not here, what came since leads to the same", () => {
  for (let count = 1; count <= LOG.length; count++) {
    for (let held = 1; held <= count; held++) {
      const [whole, part] = [then(count), then(count, { base: held, held })];
      assert.deepEqual(used(part.state), used(whole.state), `${count} of which ${held} are not here`);
      assert.equal(part.countedFrom, 0);
    }
  }
  assert.deepEqual(then(6, { base: 6, held: 6 }).state.todo, LATER, "nobody has changed it since");
  assert.deepEqual(then(4, { base: 3, held: 3 }).state.todo, [], "it was changed since, and from what is not known");
});

test("where neither all before nor all since is here, it says from where on it has counted", () => {
  const { state, countedFrom, log } = then(4, { base: 6, held: 2, gone: 5 });
  assert.deepEqual([countedFrom, log.base, log.messages.length], [2, 2, 2]);
  assert.deepEqual(used(state), [20, 1, 2, 0.2, 1]);
});

test("a State that counts messages which are still to come is of no use for that", () => {
  const log = /** @type {any} */ ({ ...EMPTY, base: 3, messages: LOG.slice(3, 5), state: NOW });
  assert.equal(logThen(log, 4, (idx) => (idx >= 3 && idx < 5 ? LOG[idx] : undefined)).countedFrom, 3);
});
