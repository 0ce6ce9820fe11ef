import assert from "node:assert/strict";
import { test } from "node:test";

import { promptOf, textOf, treeOf } from "../../static/js/changes.js";
import { difference, marksOf, pieces, sideBySide } from "../../static/js/line-pairs.js";

/** @import { ChangedFile, Comment, Folder, Line } from "../../static/js/changes.js" */

/** @param {string} path @returns {ChangedFile} */
const file = (path) => ({
  ...{ path, quoted: path, old_path: "", old_quoted: "", status: "modified", old_mode: "", new_mode: "" },
  ...{ added: 1, removed: 0, binary: false, old_bytes: 0, new_bytes: 0, version: "" },
});
/** @param {Line["kind"]} kind @param {string} text @param {number} [at] @returns {Line} */
const line = (kind, text, at) => ({ kind, spans: ["", text], ...(at ? { old: at } : {}) });

/** @param {Folder} folder @returns {unknown} */
const shape = (folder) => [folder.name, folder.files.map((each) => each.path), folder.folders.map(shape)];

/** The parts of `text` within `ranges`. @param {string} text @param {[number, number][]} ranges */
const parts = (text, ranges) => ranges.map(([from, to]) => text.slice(from, to));

test("files stand in their folders, and a folder that holds one folder only is one with it", () => {
  const tree = treeOf(["a/b/c/one.js", "a/b/c/two.js", "a/b/d.js", "top", "z/y/x"].map(file));
  assert.deepEqual(shape(tree), [
    "",
    ["top"],
    [
      ["a/b", ["a/b/d.js"], [["c", ["a/b/c/one.js", "a/b/c/two.js"], []]]],
      ["z/y", ["z/y/x"], []],
    ],
  ]);
});

test("what was added stands beside what it replaced", () => {
  const [s, r1, r2, a1] = [line("same", "s"), line("removed", "1"), line("removed", "2"), line("added", "a")];
  assert.deepEqual(sideBySide([s, r1, r2, a1, s]), [
    [s, s],
    [r1, a1],
    [r2, null],
    [s, s],
  ]);
});

test("every line stands side by side once, in its order", () => {
  const kinds = /** @type {const} */ (["same", "added", "removed"]);
  for (let seed = 0; seed < 3 ** 6; seed++) {
    const lines = Array.from({ length: 6 }, (_, i) => line(kinds[Math.floor(seed / 3 ** i) % 3], String(i)));
    const rows = sideBySide(lines);
    const left = rows.map(([each]) => each).filter(Boolean);
    const right = rows.map(([, each]) => each).filter(Boolean);
    assert.deepEqual(left, lines.filter(({ kind }) => kind !== "added"));
    assert.deepEqual(right, lines.filter(({ kind }) => kind !== "removed"));
  }
});

test("what differs within a line is marked on both sides", () => {
  const [one, other] = ["return text.lower().split()", "return text.casefold().split()"];
  const found = difference(one, other);
  assert.deepEqual(found && [parts(one, found[0]), parts(other, found[1])], [["lower"], ["casefold"]]);
});

test("a word that came in between is marked alone", () => {
  const found = difference("f(a, c)", "f(a, b, c)");
  assert.deepEqual(found, [[], [[5, 8]]]);
});

test("lines with little in common are not marked", () => {
  assert.equal(difference("import os", "class Words:"), null);
  assert.equal(difference("same", "same"), null);
  assert.equal(difference("", "new line"), null);
});

test("a very long line is compared from its ends", () => {
  const long = Array.from({ length: 5000 }, (_, i) => `word${i}`).join(" ");
  const found = difference(`${long} old ${long}`, `${long} new ${long}`);
  assert.deepEqual(found && parts(`${long} new ${long}`, found[1]), ["new"]);
});

test("marks and the rest of both lines put together are the lines", () => {
  let state = 7;
  const random = (/** @type {number} */ n) => (state = (state * 48271) % 2147483647) % n;
  const words = ["a", "b", " ", "ü", "(", "🙂", "foo"];
  for (let i = 0; i < 500; i++) {
    const [one, other] = [0, 1].map(() => Array.from({ length: random(12) }, () => words[random(7)]).join("")) ;
    const found = difference(one ?? "", other ?? "");
    if (!found) continue;
    const rest = [one ?? "", other ?? ""].map((text, side) => {
      const ranges = found[side] ?? [];
      return [...text].length && text.split("").filter((_, at) => !ranges.some(([from, to]) => from <= at && at < to)).join("");
    });
    assert.equal(rest[0] || "", rest[1] || "", `${one} | ${other}`);
  }
});

test("only blocks of the same length are compared line by line", () => {
  const [r, a, b] = [line("removed", "value = one"), line("added", "value = two"), line("added", "other = two")];
  assert.equal(marksOf([r, a]).size, 2);
  assert.equal(marksOf([r, a, b]).size, 0);
});

test("lines on both sides of a gap did not replace each other", () => {
  const [r, s, a] = [line("removed", "value = one", 3), line("removed", "value = two", 90), line("added", "value = ten")];
  assert.deepEqual([...marksOf([r, s, a]).keys()], [s, a]);
});

test("spans are cut where marks begin and end", () => {
  assert.deepEqual(pieces(["k", "return", "", " text.lower()"], [[4, 8]]), [
    ["k", "retu", false],
    ["k", "rn", true],
    ["", " t", true],
    ["", "ext.lower()", false],
  ]);
  assert.deepEqual(pieces([], []), []);
  assert.equal(textOf(["k", "a", "", "b"]), "ab");
});

test("comments become a prompt that says where, what stands there, and what is to be done", () => {
  /** @type {Comment} */
  const comment = { id: "a", at: 0, key: "", path: "a.py", commit: "", side: "new", line: 12, quote: "  return 1", text: "Why 1?\n" };
  const old = { ...comment, side: /** @type {const} */ ("old"), commit: "0123456789abcdef", line: 3 };
  assert.equal(
    promptOf([comment, old]),
    "a.py:12\n> return 1\nWhy 1?\n\na.py:3 (before the change, commit 01234567)\n> return 1\nWhy 1?",
  );
});
