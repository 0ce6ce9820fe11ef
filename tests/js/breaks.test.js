import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";

import { breakOf, toldOf } from "../../static/js/breaks.js";

/** @param {string} content */
const error = (content) => ({ type: /** @type {const} */ ("error"), content });
const source = (/** @type {string} */ name) => readFileSync(new URL(`../../trio_agent/runtime/${name}.py`, import.meta.url), "utf8");

test("a stop by the user is told with the reason that they gave", () => {
  assert.equal(breakOf(error("Cancelled: wrong file")), "user");
  assert.equal(toldOf(error("Cancelled: wrong file")), "wrong file");
  assert.equal(toldOf(error("Cancelled: user requested cancellation")), "");
});

test("what a fork or a restart cut off is told as it stands, and a failure is none of these", () => {
  const forked = error("This session was forked in the middle of a turn. Say 'continue' to go on.");
  assert.deepEqual([breakOf(forked), toldOf(forked)], ["fork", forked.content]);
  assert.equal(breakOf(error("trio-agent was restarted while this was running. Nothing was run again.")), "restart");
  assert.equal(breakOf(error("The model call failed: overloaded.")), "");
  assert.equal(breakOf({ type: "agent", content: "Cancelled: the flight" }), "");
});

test("these are the words of the server", () => {
  const work = source("work");
  for (const words of ["trio-agent was restarted while this was running. ", "This session was forked in the middle of a turn. ", '"Cancelled: {reason}"']) {
    assert.ok(work.includes(words), words);
  }
  assert.ok(source("session").includes('"user requested cancellation"'));
});
