import assert from "node:assert/strict";
import { test } from "node:test";

import { PAGE } from "../../static/js/history.js";
import { Links } from "../../static/js/links.js";
import { Reading } from "../../static/js/reading.js";
import { EMPTY } from "../../static/js/reducer.js";
import { logOf, random } from "./walks.js";

/** @import { Message } from "../../static/js/wire.js" */

/** A reader of `log` of which the store has what is from `base` on. @param {Message[]} log @param {number} base */
function reader(log, base) {
  /** @type {Set<number>} Pages that are here. */
  const pages = new Set();
  const reading = new Reading((idx) => (pages.has(Math.floor(idx / PAGE)) ? log[idx] : undefined));
  let links = new Links();
  /** @type {Set<number>} */
  let told = new Set();
  const learn = (/** @type {Message[]} */ messages) => {
    for (const each of messages) {
      links.add(each);
      told.add(each.idx);
    }
  };
  return {
    reading,
    /** To the moment of `count` messages, as the timeline goes there. @param {number} count */
    go: (count) => {
      if (count < reading.count) {
        reading.clear();
        links = new Links();
        told = new Set();
      }
      const from = Math.min(base, count);
      const messages = /** @type {any[]} */ (log.slice(from, count));
      learn(reading.take({ ...EMPTY, base: from, messages }));
    },
    /** @param {number} page */
    come: (page) => {
      pages.add(page);
      learn(reading.came(page));
    },
    /** @param {number} page */
    forget: (page) => pages.delete(page),
    /** Fails unless each message that can be read stands where it would if there had never been another moment. @param {string} walk */
    check: (walk) => {
      const here = log.filter(({ idx }) => reading.get(idx));
      assert.ok(here.every(({ idx }) => idx < reading.count), walk);
      assert.ok(here.every(({ idx }) => told.has(idx)), `${walk}: a message can be read, and nobody was told of it`);
      assert.ok([...told].every((idx) => idx < reading.count), `${walk}: a message of later was told`);
      for (const each of here) {
        if (each.type === "tool" && each.tool_call_id) {
          const maker = log.findLast(({ idx, tool_calls: calls }) => idx < each.idx && calls?.some((call) => call.tool_call_id === each.tool_call_id));
          const first = maker && log.find(({ idx, tool_call_id: id }) => told.has(idx) && idx > maker.idx && id === each.tool_call_id);
          if (maker && first === each && told.has(maker.idx)) assert.deepEqual(links.homeOf(each), { id: each.tool_call_id, maker: maker.idx }, walk);
        }
        const home = links.homeOf(each);
        const under = home && [...links.saidUnder(home.id, home.maker), links.answerTo(home.id, home.maker)];
        assert.ok(!under || under.includes(each.idx), `${walk}: ${each.idx} is shown nowhere`);
      }
    },
  };
}

test("a page that came at another moment is known at this one", () => {
  const log = logOf(3 * PAGE, random(1));
  const { go, come, check } = reader(log, 2 * PAGE);
  go(log.length);
  go(1);
  come(0);
  check("the first");
  go(PAGE);
  check("gone on in a page that is here");
  go(1);
  go(PAGE);
  check("there and back");
});

test("what a page has of a later moment is not to be seen before it", () => {
  const log = logOf(2 * PAGE, random(2));
  const { go, come, reading } = reader(log, PAGE);
  go(7);
  come(0);
  assert.ok(reading.get(6));
  assert.equal(reading.get(7), undefined);
  assert.equal(reading.wholeFrom, 0);
});

test("from where on all is here, the pages say", () => {
  const log = logOf(5 * PAGE, random(3));
  const { go, come, reading } = reader(log, 4 * PAGE);
  go(3 * PAGE + 2);
  assert.equal(reading.wholeFrom, 3 * PAGE + 2);
  come(3);
  come(1);
  assert.equal(reading.wholeFrom, 3 * PAGE);
  come(2);
  assert.equal(reading.wholeFrom, PAGE);
});

test("whatever walk through time, and in whatever order pages come, every message has one home", () => {
  for (let seed = 1; seed <= 150; seed++) {
    const chance = random(seed);
    const upTo = (/** @type {number} */ end) => Math.floor(chance() * end);
    const log = logOf(1 + upTo(8 * PAGE), chance);
    const { go, come, forget, check } = reader(log, upTo(log.length));
    go(log.length);
    for (let step = 0; step < 12; step++) {
      const what = upTo(5);
      const page = upTo(Math.ceil(log.length / PAGE));
      if (what < 2) go(1 + upTo(log.length));
      else if (what < 4) come(page);
      else forget(page);
      check(`seed ${seed}, step ${step}`);
    }
    go(log.length);
    for (let page = 0; page * PAGE < log.length; page++) come(page);
    check(`seed ${seed}, at the end`);
  }
});
