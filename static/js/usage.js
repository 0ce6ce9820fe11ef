/**
 * What the messages of a log say of tokens, money and time: by turn, and by tool. Pure.
 *
 * A turn begins with the user's words and ends with an answer that says so, with a budget, or with an error after which nothing
 * more was done. What the user says meanwhile belongs to it; what a sub-agent uses belongs to the turn that made it.
 *
 * @import { Message } from "./wire.js"
 *
 * @typedef {{ input: number, cached: number, output: number, cost: number, answers: number }} Sums
 *   Tokens; `input` counts what was written to a cache too, `cached` what was read from it. `cost` in dollars.
 * @typedef {Sums & { idx: number, words: string, tools: number, began: string, ms: number, over: boolean }} Turn
 *   `idx` is the message that it began with, -1 where that is not at hand; `began` is RFC 3339; `ms` 0 = not known yet.
 * @typedef {{ name: string, calls: number, failed: number, ms: number, given: number, tokens: number, cost: number }} ToolUse
 *   Of all calls together. `given`: characters of its results, which the model reads; no provider tells what tokens a result was.
 *   `tokens` and `cost` are those of models that worked within the tool: a sub-agent's own.
 * @typedef {{ turns: readonly Turn[], tools: readonly ToolUse[] }} Tally
 */

import { SUBAGENT } from "./links.js";

/** Characters of the user's words that name a turn. */
const WORDS = 80;

/** @param {readonly Message[]} messages @returns {Tally} turns in order, tools by the time they took */
export function tally(messages) {
  /** @type {Turn[]} */
  const turns = [];
  /** @type {Map<string, ToolUse>} */
  const tools = new Map();
  /** @type {Turn | null} */
  let turn = null;
  /** What the user said while a turn went on, and which may be what the next one is about. @type {Message | null} */
  let said = null;
  for (const message of messages) {
    const { type, usage } = message;
    const own = !message.parent_conversation_id;
    if (type === "user" && own) {
      said = message;
      if (!turn || turn.over) turns.push((turn = begun(message)));
      continue;
    }
    if (turn?.over && (type === "agent" || type === "tool")) turn = null;
    if (!turn && (usage || type === "tool" || type === "agent")) {
      turns.push((turn = begun(type === "agent" || type === "tool" ? said : null, message)));
    }
    if (!turn) continue;
    if (usage) add(turn, usage, type);
    if (usage && !own) {
      const use = useOf(tools, SUBAGENT);
      use.tokens += tokensIn(usage);
      use.cost += usage.cost_usd;
    }
    if (type === "tool") {
      turn.tools += 1;
      count(tools, message);
    }
    if (!own) continue;
    if (message.turnDuration) turn.ms = message.turnDuration / 1e6;
    if (message.end_of_turn || type === "error" || type === "budget") {
      turn.over = true;
      // A turn that broke off does not say how long it was.
      turn.ms ||= Math.max(0, Date.parse(message.timestamp) - Date.parse(turn.began)) || 0;
    } else if (type === "agent" || type === "tool") turn.over = false;
  }
  const used = turns.filter((each) => each.answers > 0 || each.tools > 0 || each.cost > 0);
  return { turns: used, tools: [...tools.values()].sort((a, b) => b.ms - a.ms) };
}

/** @param {Message | null} said @param {Message} [first] @returns {Turn} */
function begun(said, first) {
  const { idx = -1, content = "" } = said ?? {};
  const words = content.trim().split("\n", 1)[0] ?? "";
  return {
    ...{ idx, words: words.length <= WORDS ? words : `${words.slice(0, WORDS)}…`, began: (first ?? said)?.timestamp ?? "" },
    ...{ input: 0, cached: 0, output: 0, cost: 0, answers: 0, tools: 0, ms: 0, over: false },
  };
}

/** @param {Sums} sums @param {NonNullable<Message["usage"]>} usage @param {string} type */
function add(sums, usage, type) {
  sums.input += usage.input_tokens + usage.cache_creation_input_tokens;
  sums.cached += usage.cache_read_input_tokens;
  sums.output += usage.output_tokens;
  sums.cost += usage.cost_usd;
  if (type === "agent" || type === "compact") sums.answers += 1;
}

/** @param {Map<string, ToolUse>} tools @param {Message} message */
function count(tools, { tool_name: name = "", tool_error: failed, tool_result: result = "", elapsed = 0 }) {
  const use = useOf(tools, name);
  use.calls += 1;
  use.failed += failed ? 1 : 0;
  use.ms += elapsed / 1e6;
  use.given += result.length;
}

/** @param {Map<string, ToolUse>} tools @param {string} name */
function useOf(tools, name) {
  let use = tools.get(name);
  if (!use) tools.set(name, (use = { name, calls: 0, failed: 0, ms: 0, given: 0, tokens: 0, cost: 0 }));
  return use;
}

/**
 * All tokens that were used.
 * @param {Pick<NonNullable<Message["usage"]>, "input_tokens" | "cache_creation_input_tokens" | "cache_read_input_tokens" | "output_tokens">} usage
 */
export const tokensIn = (usage) =>
  usage.input_tokens + usage.cache_creation_input_tokens + usage.cache_read_input_tokens + usage.output_tokens;

/** All tokens of a turn. @param {Sums} sums */
export const tokensOf = ({ input, cached, output }) => input + cached + output;
