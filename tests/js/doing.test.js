import assert from "node:assert/strict";
import { test } from "node:test";

import { doingOf, isAsking, LASTING_MS, LATEST_MS, SteadyDoing } from "../../static/js/doing.js";
import { EMPTY } from "../../static/js/reducer.js";

/** @import { Log } from "../../static/js/reducer.js" */

/** @param {string} agent_state @param {Record<string, unknown>} rest @param {Record<string, unknown>[]} messages */
const at = (agent_state, rest = {}, messages = []) => ({
  log: /** @type {Log} */ (
    /** @type {unknown} */ ({ ...EMPTY, state: { agent_state, outstanding_tool_calls: [], ...rest }, messages })
  ),
  stopping: false,
});

const CALL = { type: "agent", content: "", tool_calls: [] };
const QUESTION = { type: "auto", content: "Which?", display: { kind: "question", tool_call_id: "q" } };

test("the agent asks while its question runs, or stands without an answer", () => {
  assert.ok(isAsking(at("RunningTool", { outstanding_tool_calls: ["bash", "ask_user"] }).log));
  assert.ok(isAsking(at("RunningTool", {}, [CALL, QUESTION]).log));
  assert.ok(!isAsking(at("RunningTool", {}, [CALL, QUESTION, { type: "tool", tool_call_id: "q" }]).log));
  assert.ok(!isAsking(at("RunningTool", {}, [CALL, QUESTION, CALL]).log), "a question of an earlier step");
  assert.ok(!isAsking(at("SendingToolResults", { outstanding_tool_calls: ["ask_user"] }).log));
  assert.ok(!isAsking(at("RunningTool", { outstanding_tool_calls: ["bash"] }, [CALL]).log));
});

test("what it does is told by one function: the question before the tools, and a stop before both", () => {
  const asks = at("RunningTool", { outstanding_tool_calls: ["ask_user", "bash"] });
  assert.deepEqual(doingOf(asks), { words: "Waits for your answer", mood: "asks", atOnce: true });
  assert.deepEqual(doingOf({ ...asks, stopping: true }), { words: "Stopping…", mood: "working", atOnce: true });
  assert.equal(doingOf(at("RunningTool", { outstanding_tool_calls: ["bash", "bash"] }))?.words, "Running bash");
  const answers = at("SendingToolResults");
  const draft = { idx: 0, content: { text: "So", length: 2 }, thinking: { text: "", length: 0 } };
  assert.equal(doingOf({ ...answers, log: { ...answers.log, draft } })?.words, "Answering");
  assert.deepEqual(doingOf(at("Error")), { words: "Something failed", mood: "trouble", atOnce: true });
  assert.equal(doingOf(at("Ready", { session_ended: true }))?.words, "Session ended");
  assert.equal(doingOf({ log: EMPTY, stopping: false }), null);
});

/** A clock that the test moves, and what was shown whenever it changed. */
function stage() {
  let now = 0;
  /** @type {{ run: () => void, at: number } | null} */
  let timer = null;
  let changes = 0;
  const steady = new SteadyDoing(
    {
      now: () => now,
      setTimer: (run, ms) => (timer = { run, at: now + ms }),
      clearTimer: (which) => void (timer === which && (timer = null)),
    },
    () => (changes += 1),
  );
  return {
    steady,
    changes: () => changes,
    /** @param {number} ms */
    pass: (ms) => {
      now += ms;
      if (!timer || timer.at > now) return;
      const { run } = timer;
      timer = null;
      run();
    },
  };
}

const IDLE = at("WaitingForUserInput");
const WORKS = ["SendingToLLM", "ProcessingLLMResponse", "CheckingGitCommits", "SendingToolResults"].map((each) => at(each));
const [SENDS = IDLE, THINKS = IDLE] = WORKS;

test("a state of a moment is not shown, one that lasts is", () => {
  const { steady, pass, changes } = stage();
  assert.equal(steady.see(IDLE)?.mood, "idle");
  assert.equal(steady.see(SENDS)?.mood, "idle");
  pass(LASTING_MS - 1);
  assert.equal(steady.see(IDLE)?.mood, "idle");
  pass(LASTING_MS);
  assert.equal(changes(), 0);
  steady.see(THINKS);
  pass(LASTING_MS);
  assert.equal(changes(), 1);
  assert.equal(steady.see(THINKS)?.words, "Thinking");
});

test("where nothing lasts there is a word all the same, and not more than one in a while", () => {
  const { steady, pass } = stage();
  steady.see(IDLE);
  let shown = "Waiting for you";
  /** @type {number[]} */
  const changedAt = [];
  for (let ms = 0; ms < 6000; ms += 50) {
    const words = steady.see(WORKS[(ms / 50) % 4] ?? IDLE)?.words ?? "";
    if (words !== shown) changedAt.push(ms);
    shown = words;
    pass(50);
  }
  assert.ok(changedAt[0] !== undefined && changedAt[0] <= LATEST_MS + 50, String(changedAt));
  assert.ok(changedAt.every((ms, i) => i === 0 || ms - (changedAt[i - 1] ?? 0) >= LASTING_MS), String(changedAt));
});

test("what the user waits for is told at once", () => {
  const { steady, pass } = stage();
  steady.see(SENDS);
  for (const each of [at("RunningTool", { outstanding_tool_calls: ["ask_user"] }), at("Error"), IDLE, { ...THINKS, stopping: true }]) {
    assert.deepEqual(steady.see(each), doingOf(each));
  }
  pass(LATEST_MS);
  assert.equal(steady.see(IDLE)?.words, "Waiting for you");
});
