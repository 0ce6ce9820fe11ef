import assert from "node:assert/strict";
import { test } from "node:test";

import { countOf, EMPTY } from "../../static/js/reducer.js";
import { MAX_PAUSE_MS, TimeTravel } from "../../static/js/time-travel.js";

/** @param {number} idx @param {object} more @returns {any} */
const said = (idx, more = {}) => ({ idx, type: "agent", end_of_turn: true, timestamp: `2026-11-23T08:00:${String(idx).padStart(2, "0")}Z`, ...more });

/** @param {any[]} messages @param {number} base */
function journey(messages, base = 0) {
  const world = {
    time: 0,
    /** @type {{ run: () => void, at: number }[]} */
    timers: [],
    now: () => world.time,
    /** @param {() => void} run @param {number} ms */
    setTimer: (run, ms) => {
      const timer = { run, at: world.time + ms };
      world.timers.push(timer);
      return timer;
    },
    /** @param {any} timer */
    clearTimer: (timer) => void (world.timers = world.timers.filter((each) => each !== timer)),
    /** @param {number} ms */
    pass: (ms) => {
      const end = world.time + ms;
      for (;;) {
        const next = world.timers.sort((one, other) => one.at - other.at)[0];
        if (!next || next.at > end) break;
        world.timers.shift();
        world.time = Math.max(world.time, next.at);
        next.run();
      }
      world.time = end;
    },
  };
  const state = /** @type {any} */ ({
    ...{ agent_state: "SendingToLLM", message_count: base + messages.length, todo: [], context_window: 100, context_used: 50 },
    total_usage: { input_tokens: 0, output_tokens: 0, cache_read_input_tokens: 0, cache_creation_input_tokens: 0, total_cost_usd: 0, messages: 0 },
  });
  const present = { ...EMPTY, log: "l", base, messages: messages.slice(), state, draft: /** @type {any} */ ({ idx: 9 }) };
  /** @type {Map<number, any>} */
  const earlier = new Map();
  /** @type {number[]} */
  const wanted = [];
  let changes = 0;
  const travel = new TimeTravel(world, {
    log: () => present,
    earlier: (idx) => earlier.get(idx),
    want: (idx) => wanted.push(idx),
    onChange: () => (changes += 1),
  });
  return { world, present, travel, earlier, wanted, changes: () => changes };
}

test("now is the log itself", () => {
  const { present, travel } = journey([said(0)]);
  assert.equal(travel.shown(present), present);
});

test("the past has the first messages, nothing that was on its way, and no more when others come", () => {
  const { present, travel } = journey([said(0), said(1), said(2)]);
  travel.go(2);
  const then = travel.shown(present);
  assert.deepEqual(then.messages.map(({ idx }) => idx), [0, 1]);
  assert.equal(then.state?.message_count, 2);
  assert.equal(then.draft, null);
  present.messages = [...present.messages, said(3)];
  assert.equal(countOf(travel.shown(present)), 2);
  assert.equal(travel.known.count, 4);
  travel.leave();
  assert.equal(travel.shown(present), present);
});

test("a moment before the part of the log that is here has what is fetched, and no message of later", () => {
  const { present, travel } = journey([said(100)], 100);
  travel.go(40);
  const then = travel.shown(present);
  assert.deepEqual([then.base, then.messages.length, countOf(then)], [40, 0, 40]);
});

test("whether the agent was at work follows from the messages", () => {
  const { present, travel } = journey([
    said(0, { type: "user", end_of_turn: false }),
    said(1, { end_of_turn: false, tool_calls: [{}] }),
    said(2, { parent_conversation_id: "p" }),
    said(3, { type: "tool", end_of_turn: false }),
    said(4, { type: "commit", end_of_turn: false }),
    said(5),
    said(6, { type: "auto", end_of_turn: false }),
    said(7, { type: "error", end_of_turn: false }),
  ]);
  const states = [1, 2, 3, 4, 5, 6, 7, 8].map((position) => {
    travel.go(position);
    return travel.shown(present).state?.agent_state;
  });
  const [working, idle] = ["RunningTool", "WaitingForUserInput"];
  assert.deepEqual(states, [working, working, working, working, working, idle, idle, idle]);
});

test("it plays at the pace at which it was recorded, times the speed, to the end", () => {
  const { world, travel, present } = journey([said(0), said(1), said(2), said(3)]);
  travel.go(1);
  travel.command({ playing: true });
  world.pass(999);
  assert.equal(travel.known.position, 1);
  world.pass(1);
  assert.equal(travel.known.position, 2);
  travel.command({ speed: 10 });
  world.pass(100);
  assert.equal(travel.known.position, 3);
  world.pass(100);
  assert.deepEqual([travel.known.position, travel.known.playing], [4, false]);
  assert.equal(world.timers.length, 0);
  assert.ok(travel.away, "the end of the play is not the present: what comes is still held back");
  assert.equal(countOf(travel.shown(present)), 4);
});

test("long pauses are cut, clocks that go back make none, and times that are not told a short one", () => {
  const { world, travel } = journey([said(0), said(50), said(10), said(11, { timestamp: "" })]);
  travel.go(1);
  travel.command({ playing: true });
  world.pass(MAX_PAUSE_MS);
  assert.equal(travel.known.position, 3);
  world.pass(500);
  assert.equal(travel.known.position, 4);
});

test("who pauses or leaves has no timer left, and a command in the present does nothing", () => {
  const { world, travel } = journey([said(0), said(1)]);
  travel.command({ position: 1, playing: true });
  assert.ok(!travel.away);
  travel.go(1);
  travel.command({ playing: true });
  travel.command({ playing: false });
  assert.equal(world.timers.length, 0);
  travel.command({ playing: true });
  travel.leave();
  assert.equal(world.timers.length, 0);
});

test("a log that another takes the place of ends the journey", () => {
  const { present, travel } = journey([said(0), said(1)]);
  travel.go(1);
  const other = { ...present, log: "other" };
  assert.equal(travel.shown(other), other);
  assert.ok(!travel.away);
});

test("a place outside the log is the nearest within", () => {
  const { travel } = journey([said(0), said(1)]);
  travel.go(99);
  assert.equal(travel.known.position, 2);
  travel.go(-5);
  assert.equal(travel.known.position, 1);
});

test("it waits for the part of the log that it is to play, and keeps the pauses that there were", () => {
  const { world, travel, earlier, wanted } = journey([said(50)], 50);
  earlier.set(0, said(0));
  travel.go(1);
  assert.equal(wanted.length, 0, "who does not play asks for nothing");
  travel.command({ playing: true });
  world.pass(700);
  assert.deepEqual([travel.known.position, travel.known.waiting], [1, true]);
  assert.ok(wanted.includes(1));
  for (let idx = 1; idx < 50; idx++) earlier.set(idx, said(idx));
  travel.pageCame();
  world.pass(999);
  assert.deepEqual([travel.known.position, travel.known.waiting], [1, false]);
  world.pass(1);
  assert.equal(travel.known.position, 2);
  travel.command({ speed: 50 });
  world.pass(48 * 20);
  assert.equal(travel.known.position, 50);
  world.pass(20);
  assert.deepEqual([travel.known.position, travel.known.playing], [51, false]);
});

test("a page that did not come is asked for again, and who pauses meanwhile is not moved when it comes", () => {
  const { world, travel, earlier, wanted } = journey([said(50)], 50);
  travel.go(10);
  travel.command({ playing: true });
  const before = wanted.length;
  world.pass(10_000);
  assert.ok(wanted.length > before);
  assert.equal(travel.known.position, 10);
  travel.command({ playing: false });
  for (let idx = 0; idx < 50; idx++) earlier.set(idx, said(idx));
  travel.pageCame();
  world.pass(10_000);
  assert.deepEqual([travel.known.position, travel.known.waiting, world.timers.length], [10, false, 0]);
});

test("what is asked for ahead is near, and what is needed first is asked for last, which comes first", () => {
  const { travel, wanted } = journey([said(1000)], 1000);
  travel.go(100);
  travel.command({ playing: true });
  assert.deepEqual(wanted, [100 + 2 * 64, 100 + 64, 99, 100]);
});
