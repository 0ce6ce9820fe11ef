import assert from "node:assert/strict";
import { test } from "node:test";

import { commandsFor, completed, completionAt } from "../../static/js/completion.js";

/** @type {[string, { kind: string, typed: string } | null][]} The caret stands at `|`. */
const CASES = [
  ["@|", { kind: "file", typed: "" }],
  ["see @src/ma|", { kind: "file", typed: "src/ma" }],
  ["(@a|", { kind: "file", typed: "a" }],
  ["two\n@lines|", { kind: "file", typed: "lines" }],
  ["@ab|cd", { kind: "file", typed: "ab" }],
  ["me@example|", null],
  ["@done |", null],
  [`@${"x".repeat(201)}|`, null],
  ["/|", { kind: "command", typed: "" }],
  ["/com|", { kind: "command", typed: "com" }],
  ["/model na|", null],
  ["see /usr|", null],
  ["|@a", null],
];

for (const [written, expected] of CASES) {
  test(`${JSON.stringify(written.slice(0, 30))} completes ${expected ? `a ${expected.kind}` : "nothing"}`, () => {
    const caret = written.indexOf("|");
    const found = completionAt(written.replace("|", ""), caret);
    assert.deepEqual(found && { kind: found.kind, typed: found.typed }, expected);
  });
}

/** @param {string} written @param {string} chosen */
function choose(written, chosen) {
  const text = written.replace("|", "");
  const completing = completionAt(text, written.indexOf("|"));
  assert.ok(completing);
  const { text: made, caret } = completed(text, completing, chosen);
  return `${made.slice(0, caret)}|${made.slice(caret)}`;
}

test("a choice takes the place of what was typed, and the caret stands behind it", () => {
  assert.equal(choose("see @ma|", "src/main.py"), "see @src/main.py |");
  assert.equal(choose("see @ma| please", "a.py"), "see @a.py |please");
  assert.equal(choose("/mo|", "model"), "/model |");
});

test("a name with blanks stands in quotes", () => {
  assert.equal(choose("@a|", "a b.txt"), '@"a b.txt" |');
});

test("commands are found by how they begin, whatever the case", () => {
  assert.deepEqual(
    commandsFor("M").map(({ name }) => name),
    ["model"],
  );
  assert.equal(commandsFor("").length, 4);
  assert.deepEqual(commandsFor("x"), []);
});
