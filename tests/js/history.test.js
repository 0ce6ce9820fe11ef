import assert from "node:assert/strict";
import { test } from "node:test";

import { History, PAGE } from "../../static/js/history.js";

/** @import { Message } from "../../static/js/wire.js" */

/** @param {number} idx */
const message = (idx) => /** @type {Message} */ ({ type: "auto", content: `m${idx}`, idx });

/** A server that answers when it is told to. */
function made() {
  /** @type {{ start: number, end: number, answer: () => void, refuse: () => void }[]} */
  const asked = [];
  /** @type {number[]} */
  const came = [];
  const clock = { ms: 0 };
  const log = { count: 1000 };
  const history = new History(
    { now: () => clock.ms },
    {
      fetch: (start, end) =>
        new Promise((resolve, reject) => {
          const messages = Array.from({ length: end - start }, (_, i) => message(start + i));
          asked.push({ start, end, answer: () => resolve(messages), refuse: () => reject(new Error("away")) });
        }),
      onPage: (page) => came.push(page),
      count: () => log.count,
    },
  );
  return { history, asked, came, clock, log };
}
const settled = () => new Promise((resolve) => setImmediate(resolve));

test("a page that is wanted comes once, and its messages are there", async () => {
  const { history, asked, came } = made();
  history.want(2);
  history.want(2);
  assert.deepEqual(
    asked.map(({ start, end }) => [start, end]),
    [[2 * PAGE, 3 * PAGE]],
  );
  assert.equal(history.get(2 * PAGE), undefined);
  asked[0]?.answer();
  await settled();
  assert.deepEqual(came, [2]);
  assert.equal(history.get(2 * PAGE)?.content, `m${2 * PAGE}`);
  assert.equal(history.get(3 * PAGE - 1)?.content, `m${3 * PAGE - 1}`);
  assert.equal(history.get(3 * PAGE), undefined);
  history.want(2);
  assert.equal(asked.length, 1);
});

test("the last page is asked for up to the end of the log", () => {
  const { history, asked, log } = made();
  log.count = PAGE + 3;
  history.want(1);
  assert.deepEqual([asked[0]?.start, asked[0]?.end], [PAGE, PAGE + 3]);
});

test("a page that was short because the log ended there is asked for again when the log has grown", async () => {
  const { history, asked, log } = made();
  log.count = PAGE + 3;
  history.want(1);
  asked[0]?.answer();
  await settled();
  history.want(1);
  assert.equal(asked.length, 1);
  log.count = PAGE + 4;
  history.want(1);
  asked[1]?.answer();
  await settled();
  assert.equal(history.get(PAGE + 3)?.content, `m${PAGE + 3}`);
});

test("two are asked for at once, and then what was wanted last", async () => {
  const { history, asked } = made();
  for (const page of [1, 2, 3, 4]) history.want(page);
  assert.deepEqual(
    asked.map(({ start }) => start / PAGE),
    [1, 2],
  );
  asked[0]?.answer();
  await settled();
  assert.equal((asked[2]?.start ?? 0) / PAGE, 4);
});

test("who drags through a whole log does not have all of it fetched", async () => {
  const { history, asked, log } = made();
  log.count = 500 * PAGE;
  for (let page = 0; page < 500; page++) history.want(page);
  for (let i = 0; i < asked.length; i++) {
    asked[i]?.answer();
    await settled();
  }
  assert.ok(asked.length < 30, `${asked.length} pages`);
  assert.ok(history.get(499 * PAGE), "where they came to rest");
});

test("a page that did not come is asked for again when it is wanted later, and not in a hot loop", async () => {
  const { history, asked, clock } = made();
  history.want(0);
  asked[0]?.refuse();
  await settled();
  history.want(0);
  assert.equal(asked.length, 1);
  clock.ms += 5000;
  history.want(0);
  assert.equal(asked.length, 2);
});

test("pages that nobody has used for long are let go of", async () => {
  const { history, asked, log } = made();
  log.count = 500 * PAGE;
  for (let page = 0; page < 200; page++) {
    history.want(page);
    if (page > 0) history.want(0);
    asked.at(-1)?.answer();
    await settled();
  }
  assert.ok(history.get(0), "used all the time");
  assert.ok(history.get(199 * PAGE));
  assert.equal(history.get(PAGE), undefined);
});

test("what was asked for of another log is not taken for this one's", async () => {
  const { history, asked, came } = made();
  history.want(0);
  history.clear();
  asked[0]?.answer();
  await settled();
  assert.equal(history.get(0), undefined);
  assert.deepEqual(came, []);
  history.want(0);
  assert.equal(asked.length, 2);
});
