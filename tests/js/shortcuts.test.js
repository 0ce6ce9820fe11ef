import assert from "node:assert/strict";
import { test } from "node:test";

import { actionOf, SHORTCUTS } from "../../static/js/shortcuts.js";
import german from "../../static/js/words/de.js";

/** @param {string} key @param {Partial<Record<"ctrlKey" | "metaKey" | "altKey" | "shiftKey", boolean>>} held */
const press = (key, held = {}) => ({ key, ctrlKey: false, metaKey: false, altKey: false, shiftKey: false, ...held });

test("keys lead to actions, whatever has the focus", () => {
  for (const writing of [false, true]) {
    assert.equal(actionOf(press("k", { ctrlKey: true }), writing), "palette");
    assert.equal(actionOf(press("K", { metaKey: true }), writing), "palette");
    assert.equal(actionOf(press("ArrowDown", { altKey: true }), writing), "next");
    assert.equal(actionOf(press("ArrowUp", { altKey: true }), writing), "previous");
    assert.equal(actionOf(press("t", { altKey: true }), writing), "travel");
    assert.equal(actionOf(press("†", { altKey: true }), writing), "travel");
  }
});

test("what is written is written", () => {
  assert.equal(actionOf(press("?", { shiftKey: true }), true), null);
  assert.equal(actionOf(press("?", { shiftKey: true }), false), "shortcuts");
  for (const key of ["k", "t", "Enter", "ArrowUp", "Escape"]) assert.equal(actionOf(press(key), false), null);
});

test("keys of the browser's are left to it", () => {
  assert.equal(actionOf(press("k", { ctrlKey: true, shiftKey: true }), false), null);
  assert.equal(actionOf(press("ArrowUp", { altKey: true, shiftKey: true }), false), null);
  assert.equal(actionOf(press("?", { ctrlKey: true }), false), null);
});

test("a key is called what is written on it, in German too", () => {
  const names = SHORTCUTS.flatMap(({ keys }) => keys).filter((key) => /^\w\w/.test(key));
  assert.ok(names.includes("Ctrl"));
  assert.deepEqual(names.filter((name) => !(name in german)), []);
});
