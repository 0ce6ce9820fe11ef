import assert from "node:assert/strict";
import { test } from "node:test";

import { sequenceOf, withControl } from "../../static/js/terminal-keys.js";

test("keys type what those of a keyboard do", () => {
  const typed = ["Escape", "Tab", "ArrowUp", "ArrowLeft", "|"].map((key) => sequenceOf(key, false, false));
  assert.deepEqual(typed, ["\x1b", "\t", "\x1b[A", "\x1b[D", "|"]);
});

test("an editor that asks for the cursor keys of an application gets them, and with Ctrl those are others", () => {
  assert.deepEqual([sequenceOf("ArrowDown", false, true), sequenceOf("ArrowDown", true, true)], ["\x1bOB", "\x1b[1;5B"]);
});

test("Ctrl is for the first character, and what has none stays as it is", () => {
  const texts = ["c", "C", "[", "\\", " ", "?", "1", "", "ls", "ä"];
  assert.deepEqual(texts.map(withControl), ["\x03", "\x03", "\x1b", "\x1c", "\0", "\x7f", "1", "", "\fs", "ä"]);
});
