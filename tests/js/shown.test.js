import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";

import { inCode, inProse } from "../../static/js/shown.js";

/** A text, as it is shown in prose, and in code; empty where it stays. @type {[string, string, string][]} */
const TEXTS = JSON.parse(readFileSync(new URL("../shown_texts.json", import.meta.url), "utf8"));

test("what turns or hides a text is told in prose, and what belongs to a language stays", () => {
  for (const [text, prose] of TEXTS) assert.equal(inProse(text), prose || text);
});

test("in code all that cannot be seen is told", () => {
  for (const [text, , code] of TEXTS) assert.equal(inCode(text), code || text);
});

test("what is shown once is shown the same again", () => {
  for (const [text] of TEXTS) {
    assert.equal(inCode(inCode(text)), inCode(text));
    assert.equal(inProse(inCode(text)), inCode(text));
  }
});

test("no character that turns the order of others gets through, whatever stands before it", () => {
  const turning = "\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069";
  for (const before of ["", "a", "ش", "क", "👩", "\u200d", "\ufe0f", "\ud83c", "🏴", "\n"]) {
    for (const each of turning) {
      assert.doesNotMatch(inProse(before + each), /[\u202a-\u202e\u2066-\u2069]/);
      assert.doesNotMatch(inCode(before + each), /[\u202a-\u202e\u2066-\u2069]/);
    }
  }
});
