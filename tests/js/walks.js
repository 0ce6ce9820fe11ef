/**
 * Logs made by chance, with all that puts one message into another: tools, several at once, ids that are used again, sub-agents
 * with the same task, results that came late and twice.
 *
 * @import { Message } from "../../static/js/wire.js"
 */

/** Numbers from 0 to 1, the same for the same seed (mulberry32). @param {number} seed @returns {() => number} */
export function random(seed) {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** @param {number} length @param {() => number} chance @returns {Message[]} */
export function logOf(length, chance) {
  /** @type {any[]} */
  const log = [];
  const upTo = (/** @type {number} */ end) => Math.floor(chance() * end);
  const add = (/** @type {object} */ more) =>
    log.push({ idx: log.length, content: `message ${log.length}`, timestamp: "", end_of_turn: false, conversation_id: "s", ...more });
  /** @type {{ id: string, task: string, at: object, sub: string }[]} Calls without a result. */
  let open = [];
  /** @type {{ conversation_id: string, parent_conversation_id: string }[]} Conversations that are at work. */
  let subs = [];
  while (log.length < length) {
    const what = upTo(10);
    const within = subs.length > 0 && upTo(3) > 0 ? subs[upTo(subs.length)] : undefined;
    const at = within ?? {};
    if (what === 0) add({ type: "user" });
    else if (what === 1) add({ ...at, type: "agent", content: "Said." });
    else if (what < 5) {
      const calls = Array.from({ length: 1 + upTo(3) }, (_, nth) => {
        const task = !within && upTo(4) === 0 ? `task ${upTo(2)}` : "";
        // Some providers number the calls of one answer only.
        const id = upTo(4) === 0 ? `call_${nth}` : `c${log.length}-${nth}`;
        open = open.filter((each) => each.id !== id);
        open.push({ id, task, at, sub: "" });
        return { name: task ? "subagent" : "bash", input: JSON.stringify(task ? { task } : { command: "true" }), tool_call_id: id };
      });
      add({ ...at, type: "agent", tool_calls: calls });
      // Who began which is not in the log before the result; nor is a task always told in the words of the call.
      const begun = open.filter((each) => each.task && calls.some(({ tool_call_id: id }) => id === each.id));
      for (const each of upTo(2) ? begun : begun.toReversed()) {
        each.sub = `s-${log.length}`;
        const sub = { conversation_id: each.sub, parent_conversation_id: "s" };
        subs.push(sub);
        add({ ...sub, type: "user", content: upTo(4) ? each.task : "in other words" });
      }
    } else if (open.length > 0) {
      const at = upTo(open.length);
      const { id = "", sub = "", ...call } = open[at] ?? {};
      // A result may come twice.
      if (upTo(20)) open.splice(at, 1);
      subs = subs.filter((each) => each.conversation_id !== sub);
      add({ ...call.at, type: "tool", tool_call_id: id, ...(sub && { display: { kind: "subagent", conversation_id: sub } }) });
    }
  }
  return log.slice(0, length);
}
