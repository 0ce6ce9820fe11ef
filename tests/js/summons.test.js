import assert from "node:assert/strict";
import { test } from "node:test";

import { EMPTY, reduce } from "../../static/js/reducer.js";
import { CLAIM_MS, momentBetween, Summons } from "../../static/js/summons.js";

/** @import { Log } from "../../static/js/reducer.js" */

/** @param {number} idx @param {Record<string, unknown>} rest */
const message = (idx, rest) => ({
  event: "message",
  id: `aaaaaaaaaaaaaaaa.${idx + 1}.0`,
  data: JSON.stringify({ idx, type: "agent", content: "", end_of_turn: false, timestamp: "", ...rest }),
});

/** @param {string} agent_state @param {number} message_count */
const state = (agent_state, message_count) => ({
  event: "state",
  id: "",
  data: JSON.stringify({ agent_state, message_count, title: "Paint it", outstanding_tool_calls: [] }),
});

const READY = { event: "ready", id: "aaaaaaaaaaaaaaaa.0.0", data: '{"log":"aaaaaaaaaaaaaaaa","from":0,"count":0}' };
const ASKED = message(0, { type: "user", content: "paint it" });
const ANSWERED = message(1, { content: "Painted.", end_of_turn: true });

/** @param {...{ event: string, id: string, data: string }} events @returns {Log} */
const logOf = (...events) => reduce(EMPTY, [READY, ...events]).log;

const AT_WORK = logOf(ASKED, state("RunningTool", 1));
const DONE = logOf(ASKED, ANSWERED, state("WaitingForUserInput", 2));

/** Tabs of one browser: what one keeps the others read, and one at a time calls. @param {boolean[]} hidden */
function browser(hidden) {
  /** @type {Map<string, string>} */
  const kept = new Map([["trio-agent.notify", "on"], ["trio-agent.sound", "on"]]);
  /** @type {string[]} */
  const calls = [];
  /** @type {(() => void)[]} */
  const timers = [];
  const tabs = hidden.map(
    (_, tab) =>
      new Summons({
        hidden: () => hidden[tab] === true,
        permission: () => "granted",
        ask: async () => undefined,
        recall: (key) => kept.get(key) ?? null,
        keep: (key, value) => void (value ? kept.set(key, value) : kept.delete(key)),
        alone: (work) => work(),
        setTimer: (run, ms) => {
          assert.equal(ms, CLAIM_MS);
          timers.push(run);
        },
        note: ({ why, title, text }) => calls.push(`${why}: ${title}: ${text}`),
        ring: () => calls.push("ring"),
        badge: (count) => calls.push(`badge ${tab} ${count}`),
      }),
  );
  const settle = () => timers.splice(0).forEach((run) => run());
  return { tabs, kept, calls, settle, hidden };
}

test("a turn that ends calls once, however many tabs show the session", () => {
  const { tabs, calls, settle } = browser([true, true, true]);
  for (const log of [AT_WORK, DONE]) for (const tab of tabs) tab.see(log, true);
  settle();
  assert.deepEqual(calls, ["badge 0 1", "badge 1 1", "badge 2 1", "ended: Paint it: Painted.", "ring"]);
});

test("a turn whose end is seen before its work is known calls once", () => {
  const { tabs, calls, settle } = browser([true]);
  const before = logOf(state("WaitingForUserInput", 0));
  const ended = logOf(state("WaitingForUserInput", 0), ASKED, ANSWERED);
  const tidying = logOf(ASKED, ANSWERED, state("CheckingGitCommits", 2));
  for (const log of [before, ended, tidying, DONE]) tabs[0]?.see(log, true);
  settle();
  assert.deepEqual(calls, ["badge 0 1", "ended: Paint it: Painted.", "ring"]);
});

const FAILED = message(1, { type: "error", content: "The key is wrong." });

test("a turn that fails at once calls once, though nobody saw the agent at work", () => {
  const { tabs, calls, settle } = browser([true]);
  const said = logOf(ASKED, state("WaitingForUserInput", 1));
  const told = logOf(ASKED, state("WaitingForUserInput", 1), FAILED);
  const over = logOf(ASKED, FAILED, state("WaitingForUserInput", 2));
  for (const log of [said, told, over, over]) tabs[0]?.see(log, true);
  settle();
  assert.deepEqual(calls, ["badge 0 1", "failed: Paint it: The key is wrong.", "ring"]);
});

test("a turn that is over its budget calls once, and tells of the budget", () => {
  const { tabs, calls, settle } = browser([true]);
  const spent = message(2, { type: "budget", content: "Spent $9 of $5.", end_of_turn: true });
  const committed = message(3, { type: "commit", commits: [] });
  const said = logOf(ASKED, state("WaitingForUserInput", 1));
  const answered = logOf(ASKED, state("WaitingForUserInput", 1), ANSWERED);
  const told = logOf(ASKED, ANSWERED, state("BudgetExceeded", 2), spent);
  const over = logOf(ASKED, ANSWERED, spent, state("BudgetExceeded", 3));
  const after = logOf(ASKED, ANSWERED, spent, committed, state("WaitingForUserInput", 4));
  for (const log of [said, answered, told, over, after]) tabs[0]?.see(log, true);
  settle();
  assert.deepEqual(calls, ["badge 0 1", "failed: Paint it: Spent $9 of $5.", "ring"]);
});

test("an error in the middle of a turn does not call; its end does", () => {
  const { tabs, calls, settle } = browser([true]);
  const trouble = message(1, { type: "error", content: "The branch did not arrive." });
  const answer = message(2, { content: "Painted.", end_of_turn: true });
  const said = logOf(ASKED, state("WaitingForUserInput", 1));
  const told = logOf(ASKED, state("WaitingForUserInput", 1), trouble);
  const goesOn = logOf(ASKED, trouble, state("SendingToolResults", 2));
  for (const log of [said, told, goesOn]) tabs[0]?.see(log, true);
  settle();
  assert.deepEqual(calls, []);
  tabs[0]?.see(logOf(ASKED, trouble, answer, state("WaitingForUserInput", 3)), true);
  settle();
  assert.deepEqual(calls, ["badge 0 1", "ended: Paint it: Painted.", "ring"]);
});

test("a notification has the agent's words, and not their signs", () => {
  const { tabs, calls, settle } = browser([true]);
  const answer = message(1, { content: "**Painted** [it](https://x.example)\u202e", end_of_turn: true });
  const said = logOf(ASKED, state("WaitingForUserInput", 1));
  for (const log of [said, logOf(ASKED, answer, state("WaitingForUserInput", 2))]) tabs[0]?.see(log, true);
  settle();
  assert.deepEqual(calls, ["badge 0 1", "ended: Paint it: Painted it⟨U+202E⟩", "ring"]);
});

test("nobody is called while one of the tabs is in view", () => {
  const { tabs, calls, settle } = browser([true, false]);
  for (const log of [AT_WORK, DONE]) for (const tab of tabs) tab.see(log, true);
  settle();
  assert.deepEqual(calls, ["badge 0 1"]);
});

test("who comes back in time is not called, and the mark goes when they look", () => {
  const { tabs, calls, settle, hidden } = browser([true]);
  for (const log of [AT_WORK, DONE]) tabs[0]?.see(log, true);
  hidden[0] = false;
  settle();
  tabs[0]?.look();
  assert.deepEqual(calls, ["badge 0 1", "badge 0 0"]);
});

test("what was there when the page was opened is no news, nor is what a broken connection shows", () => {
  const { tabs, calls, settle } = browser([true]);
  tabs[0]?.see(DONE, true);
  tabs[0]?.see(logOf(ASKED, ANSWERED, message(2, { content: "More.", end_of_turn: true }), state("WaitingForUserInput", 3)), false);
  settle();
  assert.deepEqual(calls, []);
});

test("who wants neither is called by the title alone", () => {
  const { tabs, kept, calls, settle } = browser([true]);
  kept.clear();
  for (const log of [AT_WORK, DONE]) tabs[0]?.see(log, true);
  settle();
  assert.deepEqual(calls, ["badge 0 1"]);
});

test("a question calls while the turn goes on, and a failure is told as one", () => {
  const asks = message(1, { type: "auto", content: "Which colour?", display: { kind: "question" } });
  const moment = momentBetween(AT_WORK, logOf(ASKED, asks, state("RunningTool", 2)));
  assert.deepEqual([moment?.why, moment?.text, moment?.key], ["asks", "Which colour?", "aaaaaaaaaaaaaaaa.1"]);
  const failed = message(1, { type: "error", content: "No answer.", end_of_turn: true });
  assert.equal(momentBetween(AT_WORK, logOf(ASKED, failed, state("Error", 2)))?.why, "failed");
});

test("a turn that was over before anybody looked calls as well; words of the user's do not", () => {
  const empty = logOf(state("WaitingForUserInput", 0));
  assert.equal(momentBetween(empty, DONE)?.why, "ended");
  assert.equal(momentBetween(empty, logOf(ASKED, state("WaitingForUserInput", 1))), null);
});

test("notifications are asked for by a press alone, and only where the answer is open", async () => {
  const { tabs, kept } = browser([true]);
  kept.clear();
  await tabs[0]?.allowNotes(true);
  assert.equal(kept.get("trio-agent.notify"), "on");
  assert.equal(tabs[0]?.notes, true);
  await tabs[0]?.allowNotes(false);
  assert.equal(tabs[0]?.notes, false);
});

/** @param {...[string, boolean]} told id and whether it asks @returns {import("../../static/js/roster.js").Roster} */
const rosterOf = (...told) => {
  const sessions = told.map(([session_id, asks]) => ({ session_id, asks, title: session_id, url: `sessions/${session_id}/` }));
  return { sessions: /** @type {any} */ (sessions), total: sessions.length };
};

const QUIET = rosterOf(["one", false], ["two", false]);

test("a session that begins to ask calls once in a browser, from tabs that show others, and again when it asks again", () => {
  const { tabs, calls, settle } = browser([true, true]);
  const asks = rosterOf(["one", false], ["two", true]);
  for (const roster of [QUIET, asks, asks]) for (const tab of tabs) tab.hear(roster, "one");
  settle();
  assert.deepEqual(calls, ["badge 0 1", "badge 1 1", "asks: two: ", "ring"]);
  for (const roster of [QUIET, asks]) for (const tab of tabs) tab.hear(roster, "one");
  settle();
  assert.deepEqual(calls.slice(4), ["badge 0 2", "badge 1 2", "asks: two: ", "ring"]);
});

test("sessions that ask at one time are all called for, and the one on the screen, or one that asked before, is not", () => {
  const { tabs, calls, settle } = browser([true, true]);
  for (const tab of tabs) tab.hear(rosterOf(["one", false], ["two", false], ["three", false], ["four", true]), "one");
  for (const tab of tabs) tab.hear(rosterOf(["new", true], ["one", true], ["two", true], ["three", false], ["four", true]), "one");
  settle();
  assert.deepEqual(calls.filter((call) => !call.startsWith("badge")), ["asks: new: ", "ring", "asks: two: ", "ring"]);
});

test("a question that one tab has in its log and another hears of calls once", () => {
  const { tabs, calls, settle } = browser([true, true]);
  const question = message(1, { content: "Which?", display: { kind: "question" }, tool_call_id: "q" });
  const at = (/** @type {string} */ agent_state, /** @type {number} */ count) => ({
    event: "state",
    id: "",
    data: JSON.stringify({
      agent_state, message_count: count, title: "Paint it", session_id: "two", outstanding_tool_calls: ["ask_user"],
    }),
  });
  tabs[0]?.see(logOf(ASKED, at("SendingToLLM", 1)), true);
  tabs[0]?.see(logOf(ASKED, question, at("RunningTool", 2)), true);
  for (const roster of [QUIET, rosterOf(["one", false], ["two", true])]) {
    tabs[0]?.hear(roster, "two");
    tabs[1]?.hear(roster, "one");
  }
  settle();
  assert.deepEqual(calls, ["badge 0 1", "badge 1 1", "asks: Paint it: Which?", "ring"]);
});

test("nobody is called for a session that asks while a tab is in view", () => {
  const { tabs, calls, settle } = browser([false, true]);
  for (const roster of [QUIET, rosterOf(["one", false], ["two", true])]) for (const tab of tabs) tab.hear(roster, "one");
  settle();
  assert.deepEqual(calls, ["badge 1 1"]);
});

test("a session that was answered while no page was here calls when it asks again", () => {
  const { tabs, calls, settle, kept } = browser([true]);
  kept.set("trio-agent.summons", "asks.two asks.one");
  tabs[0]?.hear(rosterOf(["one", true], ["two", false]), "one");
  assert.equal(kept.get("trio-agent.summons"), "asks.one");
  tabs[0]?.hear(rosterOf(["one", true], ["two", true]), "one");
  settle();
  assert.deepEqual(calls, ["badge 0 1", "asks: two: ", "ring"]);
});

test("one that asks twice in a turn calls twice, though the list tells of it but once", () => {
  const { tabs, calls, settle } = browser([true]);
  const question = (/** @type {number} */ idx) => message(idx, { content: `Which ${idx}?`, display: { kind: "question" }, tool_call_id: `q${idx}` });
  const answer = message(2, { type: "tool", content: "red", tool_call_id: "q1" });
  const at = (/** @type {string} */ agent_state, /** @type {number} */ message_count) => ({
    ...state(agent_state, message_count),
    data: JSON.stringify({ agent_state, message_count, title: "Paint it", session_id: "two", outstanding_tool_calls: ["ask_user"] }),
  });
  tabs[0]?.see(logOf(ASKED, at("SendingToLLM", 1)), true);
  tabs[0]?.see(logOf(ASKED, question(1), at("RunningTool", 2)), true);
  settle();
  tabs[0]?.see(logOf(ASKED, question(1), answer, question(3), at("RunningTool", 4)), true);
  settle();
  assert.deepEqual(calls.filter((call) => call.startsWith("asks")), ["asks: Paint it: Which 1?", "asks: Paint it: Which 3?"]);
});
