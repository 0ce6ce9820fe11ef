import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";

import { Unsent } from "../../static/js/unsent.js";
import { settled } from "./world.js";

/** @import { Pending } from "../../static/js/outbox.js" */

/** @type {Record<string, any>} */
let stored = {};
/** @type {Set<string>} */
let locks = new Set();

beforeEach(() => {
  stored = {};
  locks = new Set();
  // What storage.js uses of it; its keys are those of the object, as in a browser.
  const hidden = { enumerable: false };
  Object.defineProperties(stored, {
    getItem: { ...hidden, value: (/** @type {string} */ key) => stored[key] ?? null },
    setItem: { ...hidden, value: (/** @type {string} */ key, /** @type {string} */ value) => void (stored[key] = value) },
    removeItem: { ...hidden, value: (/** @type {string} */ key) => void delete stored[key] },
  });
  Object.defineProperty(globalThis, "localStorage", { value: stored, configurable: true });
});

/** @param {string} key @param {Pending["status"]} status @returns {Pending} */
const message = (key, status = "waiting") => ({ key, text: key, status, problem: "", log: "", idx: -1, echoed: false });

/** A tab whose outbox is a list. */
async function tab({ locked = true } = {}) {
  /** @type {{ pending: readonly Pending[] }} */
  const page = { pending: [] };
  /** @param {readonly Pending[]} pending */
  const set = (pending) => {
    page.pending = pending;
    unsent.keep(pending);
  };
  const outbox = {
    resume: (/** @type {readonly Pending[]} */ left) => set([...left, ...page.pending]),
    discard: (/** @type {string} */ key) => (set(page.pending.filter((each) => each.key !== key)), null),
  };
  const tabs = {
    hold: async (/** @type {string} */ name, /** @type {LockOptions} */ _, /** @type {AbortSignal} */ signal) => {
      if (locks.has(name)) return false;
      locks.add(name);
      signal.addEventListener("abort", () => locks.delete(name));
      return true;
    },
  };
  const unsent = new Unsent(locked ? tabs : null, outbox, () => 1000);
  await unsent.begin("s", []);
  return { unsent, set, keys: () => page.pending.map(({ key }) => key) };
}

test("what several tabs leave is taken up by the next one, each tab's in its order", async () => {
  const [one, other] = [await tab(), await tab()];
  one.set([message("z"), message("a")]);
  other.set([message("m")]);
  one.unsent.leave();
  other.unsent.leave();
  // A browser lists its keys in an order of its own.
  for (const [key, value] of Object.entries(stored).reverse()) (delete stored[key], (stored[key] = value));
  const late = await tab();
  assert.deepEqual(new Set(late.keys()), new Set(["z", "a", "m"]));
  assert.deepEqual(late.keys().filter((key) => key !== "m"), ["z", "a"]);
  assert.deepEqual((await tab()).keys(), []);
});

test("what a tab that lives has is not taken up, and none writes over another's", async () => {
  const [one, other] = [await tab(), await tab()];
  one.set([message("a")]);
  other.set([message("b")]);
  other.set([]);
  assert.deepEqual(Object.keys(stored), ["trio-agent.outbox.s.a"]);
  assert.deepEqual((await tab()).keys(), []);
});

test("an entry goes when the server has the message, and its lock with it", async () => {
  const one = await tab();
  one.set([message("a"), message("b")]);
  one.set([message("a", "accepted"), message("b", "failed")]);
  assert.deepEqual(Object.keys(stored), ["trio-agent.outbox.s.b"]);
  assert.equal(locks.size, 1);
});

test("a page that comes back keeps what nobody took up, and lets go of what another has or has sent", async () => {
  const [one, other] = [await tab(), await tab()];
  one.set([message("a"), message("b"), message("c")]);
  one.unsent.leave();
  assert.equal(locks.size, 0);
  await other.unsent.takeUp();
  assert.deepEqual(other.keys(), ["a", "b", "c"]);
  other.set([message("b")]);
  await one.unsent.back();
  assert.deepEqual(one.keys(), []);
  assert.deepEqual(Object.keys(stored), ["trio-agent.outbox.s.b"]);
  one.set([message("d")]);
  one.unsent.leave();
  await one.unsent.back();
  assert.deepEqual(one.keys(), ["d"]);
});

test("what a page has to send goes along with it to another session", async () => {
  const one = await tab();
  one.set([message("a")]);
  await one.unsent.begin("t", [message("a")]);
  assert.deepEqual(Object.keys(stored), ["trio-agent.outbox.t.a"]);
  await one.unsent.begin("u", [message("a")]);
  assert.deepEqual(Object.keys(stored), ["trio-agent.outbox.u.a"]);
  await settled();
  assert.equal(locks.size, 1);
});

test("a browser without locks takes up all there is", async () => {
  (await tab({ locked: false })).set([message("a")]);
  assert.deepEqual((await tab({ locked: false })).keys(), ["a"]);
});
