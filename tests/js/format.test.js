import assert from "node:assert/strict";
import { test } from "node:test";

import {
  ago,
  agentState,
  dollars,
  duration,
  isWorking,
  plain,
  readableInput,
  resultLine,
  shortPath,
  stoppedBy,
  tokens,
  toolLine,
} from "../../static/js/format.js";

test("durations are as exact as they are short", () => {
  const told = [0, 12, 949, 1000, 2140, 9949, 9951, 59_499, 59_600, 61_000, 3_599_900, 7_260_000].map(duration);
  assert.deepEqual(told, [
    "0 ms",
    "12 ms",
    "949 ms",
    "1 s",
    "2.1 s",
    "9.9 s",
    "10 s",
    "59 s",
    "1 m 0 s",
    "1 m 1 s",
    "1 h 0 m",
    "2 h 1 m",
  ]);
});

test("counts of tokens keep three digits or so", () => {
  assert.deepEqual([0, 999, 1000, 18_423, 99_960, 999_499, 999_500, 1_234_567].map(tokens), [
    "0",
    "999",
    "1K",
    "18.4K",
    "100K",
    "999K",
    "1M",
    "1.23M",
  ]);
});

test("small sums of money are not shown as nothing", () => {
  assert.deepEqual([0, 0.0004, 0.01, 5].map(dollars), ["$0", "$0.0004", "$0.01", "$5.00"]);
});

test("a tool's line is what tells most", () => {
  assert.equal(toolLine('{"command":"pytest -q","timeout":30}'), "pytest -q");
  assert.equal(toolLine('{"path":"a.py"}'), "a.py");
  assert.equal(toolLine('{"pattern":"def","path":"src"}'), "def in src");
  assert.equal(toolLine('{"pattern":"def","path":"."}'), "def");
  assert.equal(toolLine('{"command":"a\\nb"}'), "a …");
  assert.equal(toolLine('{"tasks":[{}]}'), "1 step");
  assert.equal(toolLine('{"odd":"thing"}'), "thing");
});

test("an input that is no JSON object has no line and is shown as it is", () => {
  for (const input of ["", "{", "[1]", "null", '"text"', "7"]) {
    assert.equal(toolLine(input), "");
    assert.equal(readableInput(input), input);
  }
});

test("a command is read as a command, with what else was asked below it", () => {
  assert.equal(readableInput('{"command":"ls\\npwd"}'), "ls\npwd");
  assert.equal(readableInput('{"command":"ls","timeout":5}'), "ls\n# timeout: 5");
  assert.equal(readableInput('{"path":"a"}'), '{\n  "path": "a"\n}');
});

test("the states that a turn goes through are work, and those between turns are not", () => {
  for (const state of ["Ready", "WaitingForUserInput", "EndOfTurn", "Cancelled", "BudgetExceeded", "Error"])
    assert.ok(!isWorking(state), state);
  for (const state of ["SendingToLLM", "ProcessingLLMResponse", "RunningTool", "Compacting"])
    assert.ok(isWorking(state), state);
});

test("a state of a later server is shown by its name", () => {
  assert.equal(agentState("Dreaming").words, "Dreaming");
});

test("paths are shortened from the left", () => {
  assert.equal(shortPath("/home/user/work/weather", 2), "…/work/weather");
  assert.equal(shortPath("/work", 1), "/work");
});

test("the past is told in the largest unit that fits", () => {
  const now = Date.parse("2026-01-02T12:00:00Z");
  const told = [
    "2026-01-02T11:59:30Z",
    "2026-01-02T11:15:00Z",
    "2026-01-02T02:00:00Z",
    "2025-12-30T00:00:00Z",
    "what",
  ].map((when) => ago(when, now));
  assert.deepEqual(told, ["just now", "45 min. ago", "10 hr. ago", "3 days ago", ""]);
});

test("what was written for a terminal reads without it", () => {
  const told = [
    "\x1b[1;31mred\x1b[0m and plain",
    "\x1b]0;a title\x07after",
    "\x1b]8;;https://example.org\x1b\\link\x1b]8;;\x1b\\",
    "\x9b2Kline\r\nnext\tcolumn",
    "50%\rdone\x07\x00",
  ].map(plain);
  assert.deepEqual(told, ["red and plain", "after", "link", "line\nnext\tcolumn", "50%done"]);
});

test("a tool that was stopped did not fail", () => {
  /** @param {Record<string, unknown>} [display] */
  const told = (display) => stoppedBy(/** @type {any} */ ({ type: "tool", tool_error: true, display }));
  assert.deepEqual(
    [told(), told({ kind: "diff", by: "user" }), told({ kind: "stopped", by: "user" }), told({ kind: "stopped", by: 3 })],
    ["", "", "user", "failure"],
  );
});

test("what would turn or hide a command is told in its line, in what was asked, and in what came of it", () => {
  const command = "echo safe # \u202e txt.seton etteled # rm -rf ~\u202c\u200b; touch x\u2028y\u001b[8m";
  const told = "echo safe # ⟨U+202E⟩ txt.seton etteled # rm -rf ~⟨U+202C⟩⟨U+200B⟩; touch x⟨U+2028⟩y␛[8m";
  assert.equal(toolLine(JSON.stringify({ command })), told);
  assert.equal(toolLine(JSON.stringify({ pattern: "x", path: "a\u202eb" })), "x in a⟨U+202E⟩b");
  assert.equal(readableInput(JSON.stringify({ command, cwd: "\u2066" })), `${told}\n# cwd: "⟨U+2066⟩"`);
  assert.equal(readableInput('{"path":"a\u202eb"}'), '{\n  "path": "a⟨U+202E⟩b"\n}');
  assert.equal(readableInput("\u202e"), "⟨U+202E⟩");
  assert.equal(plain("a\u202eb\r\n\u001b[31mc"), "a⟨U+202E⟩b\nc");
});

test("what came of a call is counted where all of it is there, and measured where only its ends are", () => {
  const said = (/** @type {string} */ text) => resultLine(/** @type {any} */ ({ tool_result: text }));
  assert.equal(said("one\ntwo\n"), "2 lines");
  assert.equal(said("… and so on"), "… and so on");
  assert.equal(said(`first\nsec\n… 3000000 bytes left out …\nnd\nlast ${"é".repeat(50_000)}\n`), "3.1 MB");
  assert.equal(said("… 1500 bytes left out …\nmore\n\n… 500 bytes left out …\nlast"), "2 kB");
  assert.equal(said("7\tseven\n8\teight\n[cut here: read on with start_line 9]"), "2 lines");
});
