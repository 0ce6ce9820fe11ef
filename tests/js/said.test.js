import assert from "node:assert/strict";
import { test } from "node:test";

import { Said, saidIn } from "../../static/js/said.js";

/** @param {[string, string, string?][]} messages */
const log = (...messages) => ({
  messages: messages.map(([type, content, parent]) => /** @type {any} */ ({ type, content, parent_conversation_id: parent })),
});

test("what the user said is told newest first, and each thing once", () => {
  const told = saidIn(log(["user", "one"], ["agent", "no"], ["user", "two"], ["user", "one"], ["user", "task", "p"], ["user", " "]));
  assert.deepEqual(told, ["one", "two"]);
});

test("it is gone through from an empty field, back and forth, and ends where it began", () => {
  const said = new Said();
  const texts = () => ["c", "b"];
  assert.equal(said.go("", 1, texts), "c");
  assert.equal(said.go("c", 1, texts), "b");
  assert.equal(said.go("b", 1, texts), null);
  assert.equal(said.go("b", -1, texts), "c");
  assert.equal(said.go("c", -1, texts), "");
  assert.equal(said.go("", -1, texts), null);
  assert.equal(said.go("", 1, texts), "c");
});

test("words of the user's own are never replaced", () => {
  const said = new Said();
  assert.equal(said.go("mine", 1, () => ["c"]), null);
  assert.equal(said.go("", 1, () => ["c"]), "c");
  assert.equal(said.go("c, changed", 1, () => ["c"]), null);
});

test("who has said nothing has nothing to go through", () => {
  assert.equal(new Said().go("", 1, () => []), null);
});

test("what comes while it is gone through does not shift it", () => {
  const said = new Said();
  assert.equal(said.go("", 1, () => ["b", "a"]), "b");
  assert.equal(said.go("b", 1, () => ["c", "b", "a"]), "a");
});
