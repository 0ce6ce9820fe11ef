import assert from "node:assert/strict";
import { test } from "node:test";

import { legible } from "../../static/js/snippet.js";

test("white space in what a tool was asked is shown as a space", () => {
  assert.equal(legible(String.raw`{"command": "cd src\n\n\tmake"}`, "tool"), '{"command": "cd src make"}');
});

test("a backslash that was meant stays, and what people say stays as it is", () => {
  assert.equal(legible(String.raw`{"path": "C:\\new\\table"}`, "tool"), String.raw`{"path": "C:\\new\\table"}`);
  assert.equal(legible(String.raw`split at \n`, "user"), String.raw`split at \n`);
});
