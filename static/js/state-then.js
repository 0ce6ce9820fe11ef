/**
 * What the messages of a log tell of its State when it had only the first of them: what was used, the plan, how full the context
 * was, and with which model. What they do not tell is left out: the lines that were changed, and what ran.
 *
 * Usage and plan need not have all that was before: what came since, taken from what is known now, leads to the same.
 *
 * @import { Kept, Log } from "./reducer.js"
 * @import { CumulativeUsage, Message, State, TodoItem } from "./wire.js"
 *
 * @typedef {{ log: Log, countedFrom: number }} Moment
 *   `log` is as it was, with the last of its messages, as far as they are here without a gap. `countedFrom`: what was used counts the
 *   messages from here on only, for those before are not here; 0 = it counts all.
 */

import { parseInput } from "./format.js";
import { tokensIn } from "./usage.js";

const PLANNING_TOOL = "todo_write";

/**
 * @param {Log} log as it is now
 * @param {number} count the messages that there were then
 * @param {(idx: number) => Message | undefined} get the message, if it is here
 * @returns {Moment}
 */
export function logThen(log, count, get) {
  /** @type {Message[]} */
  const before = [];
  for (let idx = count - 1, message = get(idx); message; idx -= 1, message = get(idx)) before.push(message);
  before.reverse();
  const base = count - before.length;
  const messages = /** @type {Kept[]} */ (before);
  const past = { ...log, base, messages, announced: count, draft: null, outputs: new Map(), waiting: [] };
  const { state: now } = log;
  if (!now) return { log: past, countedFrom: 0 };
  const since = messagesSince(now, count, get);
  const usage = base > 0 && since ? without(now.total_usage, since) : sumOf(before);
  const answer = before.findLast(({ type, usage: used, parent_conversation_id: parent }) => type === "agent" && used && !parent);
  const state = {
    ...now,
    message_count: count,
    outstanding_tool_calls: [],
    outstanding_llm_calls: 0,
    ...{ diff_lines_added: 0, diff_lines_removed: 0, streams: 0 },
    total_usage: usage,
    todo: planThen(now, before, since, base),
    model: answer?.model || now.model,
    // Of no use without the other, and 0 says that it is not known.
    ...(answer?.usage ? { context_used: tokensIn(answer.usage) } : { context_window: 0 }),
  };
  return { log: { ...past, state }, countedFrom: base > 0 && !since ? base : 0 };
}

/**
 * What came after the moment, and what the State counts; null where not all of it is here.
 * @param {State} now @param {number} count @param {(idx: number) => Message | undefined} get
 */
function messagesSince(now, count, get) {
  const since = [];
  for (let idx = count; idx < now.message_count; idx++) {
    const message = get(idx);
    if (!message) return null;
    since.push(message);
  }
  return since;
}

/** @param {State} now @param {readonly Message[]} before @param {readonly Message[] | null} since @param {number} base @returns {TodoItem[]} */
function planThen(now, before, since, base) {
  const plan = before.findLast(isPlan);
  if (plan) return /** @type {TodoItem[]} */ (plan.display?.tasks ?? parseInput(plan.input ?? "").tasks ?? []);
  // Nobody has changed it since.
  return base > 0 && since && !since.some(isPlan) ? now.todo : [];
}

/** @param {Message} message */
const isPlan = ({ tool_name: name, tool_error: failed }) => name === PLANNING_TOOL && !failed;

/** @param {readonly Message[]} messages @returns {CumulativeUsage} without the tools, which `tally` counts */
function sumOf(messages) {
  const sum = {
    ...{ input_tokens: 0, output_tokens: 0, cache_read_input_tokens: 0, cache_creation_input_tokens: 0 },
    ...{ total_cost_usd: 0, messages: 0, tool_uses: {} },
  };
  for (const { usage } of messages) {
    if (!usage) continue;
    sum.messages += 1;
    sum.input_tokens += usage.input_tokens;
    sum.output_tokens += usage.output_tokens;
    sum.cache_read_input_tokens += usage.cache_read_input_tokens;
    sum.cache_creation_input_tokens += usage.cache_creation_input_tokens;
    sum.total_cost_usd += usage.cost_usd;
  }
  return sum;
}

/** @param {CumulativeUsage} all @param {readonly Message[]} since @returns {CumulativeUsage} */
function without(all, since) {
  const late = sumOf(since);
  return {
    messages: all.messages - late.messages,
    input_tokens: all.input_tokens - late.input_tokens,
    output_tokens: all.output_tokens - late.output_tokens,
    cache_read_input_tokens: all.cache_read_input_tokens - late.cache_read_input_tokens,
    cache_creation_input_tokens: all.cache_creation_input_tokens - late.cache_creation_input_tokens,
    // Sums of fractions differ by the order in which they were made.
    total_cost_usd: Math.max(0, Math.round(1e9 * (all.total_cost_usd - late.total_cost_usd)) / 1e9),
    tool_uses: {},
  };
}
