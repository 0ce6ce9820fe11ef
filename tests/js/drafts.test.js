import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";

import { Drafts } from "../../static/js/drafts.js";

/** @type {Record<string, any>} */
let stored = {};
/** @type {Set<string>} */
let locks = new Set();
let ids = 0;
let now = 0;

beforeEach(() => {
  stored = {};
  locks = new Set();
  const hidden = { enumerable: false };
  Object.defineProperties(stored, {
    getItem: { ...hidden, value: (/** @type {string} */ key) => stored[key] ?? null },
    setItem: { ...hidden, value: (/** @type {string} */ key, /** @type {string} */ value) => void (stored[key] = value) },
    removeItem: { ...hidden, value: (/** @type {string} */ key) => void delete stored[key] },
  });
  Object.defineProperty(globalThis, "localStorage", { value: stored, configurable: true });
});

const tabs = {
  hold: async (/** @type {string} */ name, /** @type {LockOptions} */ _, /** @type {AbortSignal} */ signal) => {
    if (locks.has(name)) return false;
    locks.add(name);
    signal.addEventListener("abort", () => locks.delete(name));
    return true;
  },
};

const made = (locked = true) => new Drafts(locked ? tabs : null, () => `id${++ids}`, () => ++now);

/** @param {string} text */
const words = (text) => ({ text, files: [] });

const kept = () => Object.values(stored).map((each) => JSON.parse(each).text);

test("a page that begins takes up the newest draft that is nobody's", async () => {
  const one = made();
  await one.begin("s");
  one.keep(words("old"));
  const two = made();
  await two.begin("s");
  two.keep(words("new"));
  one.leave();
  two.leave();
  const next = made();
  assert.deepEqual(await next.begin("s"), words("new"));
  assert.deepEqual(await made().begin("s"), words("old"));
  assert.deepEqual(kept().sort(), ["new", "old"]);
});

test("two tabs never write over each other's words", async () => {
  const [one, two] = [made(), made()];
  await one.begin("s");
  one.keep(words("of one"));
  assert.equal(await two.begin("s"), null);
  two.keep(words("of two"));
  one.keep(words("of one!"));
  assert.deepEqual(kept().sort(), ["of one!", "of two"]);
});

test("what is sent is kept no longer", async () => {
  const one = made();
  await one.begin("s");
  one.keep(words("hello"));
  one.keep(words(""));
  assert.deepEqual(kept(), []);
});

test("files are a draft too", async () => {
  const files = [{ blob: "b", name: "a.png", media_type: "image/png", size: 1 }];
  const one = made();
  await one.begin("s");
  one.keep({ text: "", files });
  one.leave();
  assert.deepEqual((await made().begin("s"))?.files, files);
});

test("who writes before the session is known keeps their words, and takes up none", async () => {
  const before = made();
  await before.begin("s");
  before.keep(words("left"));
  before.leave();
  const eager = made();
  eager.keep(words("typed already"));
  assert.deepEqual(await eager.begin("s"), words("typed already"));
  assert.deepEqual(kept().sort(), ["left", "typed already"]);
});

test("who writes while it is looked for keeps their words, and what was there waits for the next", async () => {
  const before = made();
  await before.begin("s");
  before.keep(words("left"));
  before.leave();
  const quick = made();
  const begun = quick.begin("s");
  quick.keep(words("typed meanwhile"));
  assert.deepEqual(await begun, words("typed meanwhile"));
  assert.deepEqual(kept().sort(), ["left", "typed meanwhile"]);
});

test("a draft of another session is left to it", async () => {
  const one = made();
  await one.begin("s");
  one.keep(words("of s"));
  one.leave();
  assert.equal(await made().begin("other"), null);
});

test("a page that comes back has its words still, also where another has taken them up", async () => {
  const one = made();
  await one.begin("s");
  one.keep(words("hello"));
  one.leave();
  const two = made();
  assert.deepEqual(await two.begin("s"), words("hello"));
  one.back();
  assert.deepEqual(kept(), ["hello", "hello"]);
  one.keep(words("hello from one"));
  two.keep(words("hello from two"));
  assert.deepEqual(kept().sort(), ["hello from one", "hello from two"]);
});

test("a page that comes back to its own goes on with it", async () => {
  const one = made();
  await one.begin("s");
  one.keep(words("hello"));
  one.leave();
  one.back();
  one.keep(words("hello again"));
  assert.deepEqual(kept(), ["hello again"]);
  assert.equal(await made().begin("s"), null);
});

test("without locks words are never lost, though two pages may have the same", async () => {
  const one = made(false);
  await one.begin("s");
  one.keep(words("hello"));
  const two = made(false);
  assert.deepEqual(await two.begin("s"), words("hello"));
  one.keep(words("hello from one"));
  two.keep(words("hello from two"));
  assert.deepEqual(kept().sort(), ["hello from one", "hello from two"]);
});

test("the one draft that all tabs of a session had before is taken up", async () => {
  stored["trio-agent.draft.s"] = "from before";
  assert.deepEqual(await made().begin("s"), words("from before"));
  assert.equal(stored["trio-agent.draft.s"], undefined);
});
