import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";

import { Comments } from "../../static/js/comments.js";

/** @type {Record<string, any>} */
let stored = {};
let isFull = false;
let ids = 0;

beforeEach(() => {
  stored = {};
  isFull = false;
  const hidden = { enumerable: false };
  const setItem = (/** @type {string} */ key, /** @type {string} */ value) => {
    if (isFull) throw new Error("full");
    stored[key] = value;
  };
  Object.defineProperties(stored, {
    getItem: { ...hidden, value: (/** @type {string} */ key) => stored[key] ?? null },
    setItem: { ...hidden, value: setItem },
    removeItem: { ...hidden, value: (/** @type {string} */ key) => void delete stored[key] },
  });
  Object.defineProperty(globalThis, "localStorage", { value: stored, configurable: true });
});

const tab = () => new Comments(() => "s", () => `id${++ids}`, () => 0);

/** @param {Comments} comments @param {string} text */
function write(comments, text, line = 1) {
  const comment = comments.begin({ key: "\na.py", path: "a.py", commit: "", side: "new", line, quote: "" });
  comments.say(comment, text);
  return comment;
}

/** @param {Comments} comments */
const textsOf = (comments) => comments.all.map(({ text }) => text);

/** @param {Comments} comments @returns {{ came: string[], gone: string[] }[]} */
function heard(comments) {
  /** @type {{ came: string[], gone: string[] }[]} */
  const told = [];
  comments.addEventListener("elsewhere", (event) => told.push(/** @type {CustomEvent} */ (event).detail));
  return told;
}

test("two tabs never write over each other's comments, and each shows those of both", () => {
  const [one, two] = [tab(), tab()];
  const told = heard(one);
  write(one, "of one");
  const { id } = write(two, "of two", 2);
  assert.deepEqual(textsOf(tab()), ["of one", "of two"]);
  one.look();
  assert.deepEqual(textsOf(one), ["of one", "of two"]);
  assert.deepEqual(told, [{ came: [id], gone: [] }]);
});

test("what one tab has deleted another does not write again, though it was about to", () => {
  const one = tab();
  const mine = write(one, "half a tho");
  const two = tab();
  const told = heard(one);
  const [theirs] = two.all;
  assert.ok(theirs);
  two.say(theirs, "");
  one.say(mine, "half a thought");
  assert.deepEqual(textsOf(one), []);
  assert.deepEqual(textsOf(tab()), []);
  assert.deepEqual(told, [{ came: [], gone: [mine.id] }]);
});

test("what one tab has put into its message is gone in the others", () => {
  const one = tab();
  write(one, "first");
  write(one, "second", 2);
  const two = tab();
  two.empty();
  write(one, "third", 3);
  one.look();
  assert.deepEqual(textsOf(one), ["third"]);
  assert.deepEqual(textsOf(tab()), ["third"]);
});

test("a comment that another tab changed is the same object, for a field may stand open over it", () => {
  const one = tab();
  const mine = write(one, "before");
  const two = tab();
  const [theirs] = two.all;
  assert.ok(theirs);
  two.say(theirs, "after");
  one.look();
  assert.equal(one.all[0], mine);
  assert.equal(mine.text, "after");
});

test("a field that is emptied and written in again is one comment", () => {
  const one = tab();
  const mine = write(one, "a");
  one.say(mine, "");
  assert.deepEqual(textsOf(tab()), []);
  one.say(mine, "b");
  assert.deepEqual(textsOf(tab()), ["b"]);
});

test("what storage refuses is kept in the page, and no look takes it", () => {
  const one = tab();
  const mine = write(one, "short");
  isFull = true;
  one.say(mine, "much longer");
  write(one, "another", 2);
  one.look();
  assert.deepEqual(textsOf(one), ["much longer", "another"]);
});

test("comments of a time when all were one entry are taken over once", () => {
  const old = [{ key: "\na.py", path: "a.py", commit: "", side: "new", line: 1, quote: "", text: "old" }];
  stored["trio-agent.comments.s"] = JSON.stringify(old);
  assert.deepEqual(textsOf(tab()), ["old"]);
  tab().empty();
  assert.deepEqual(textsOf(tab()), []);
});
