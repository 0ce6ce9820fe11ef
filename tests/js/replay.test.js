import assert from "node:assert/strict";
import { test } from "node:test";

import { ASK_MS, Replay } from "../../static/js/replay.js";
import { FakeWorld, settled } from "./world.js";

/**
 * @import { Command, Replayed } from "../../static/js/replay.js"
 * @import { State } from "../../static/js/wire.js"
 */

/** @returns {State} */
const state = () => /** @type {State} */ ({});

/** A player whose server answers when the test says so. */
class Desk {
  world = new FakeWorld();
  /** @type {("ask" | Command)[]} */
  requests = [];
  /** @type {unknown[]} */
  failures = [];
  changes = 0;
  /** @type {{ resolve: (told: Replayed) => void, reject: (error: unknown) => void }[]} */
  #waiting = [];
  replay = new Replay(this.world.world, {
    ask: () => this.#request("ask"),
    tell: (command) => this.#request(command),
    onChange: () => void this.changes++,
    onFailure: (error) => void this.failures.push(error),
  });

  /** @param {"ask" | Command} request @returns {Promise<Replayed>} */
  #request(request) {
    this.requests.push(request);
    return new Promise((resolve, reject) => this.#waiting.push({ resolve, reject }));
  }

  /** @param {Partial<Replayed>} told */
  async answer(told = {}) {
    this.#waiting.shift()?.resolve({ position: 1, count: 9, playing: false, speed: 1, log: "abc", ...told });
    await settled();
  }

  /** @param {unknown} error */
  async fail(error) {
    this.#waiting.shift()?.reject(error);
    await settled();
  }
}

test("it is asked for when the first state has come, and again when there is another, but not all the time", async () => {
  const desk = new Desk();
  desk.replay.heard(null);
  const first = state();
  desk.replay.heard(first);
  desk.replay.heard(first);
  await desk.answer({ playing: true });
  assert.deepEqual([desk.requests, desk.replay.known?.playing], [["ask"], true]);
  for (let i = 0; i < 9; i++) desk.replay.heard(state());
  await settled();
  assert.equal(desk.requests.length, 1);
  await desk.world.pass(ASK_MS);
  assert.equal(desk.requests.length, 2);
  await desk.answer();
  await desk.world.pass(10 * ASK_MS);
  assert.equal(desk.requests.length, 2, "nothing has changed since");
});

test("commands that come while one is on its way are joined into the next", async () => {
  const desk = new Desk();
  desk.replay.command({ position: 3 });
  desk.replay.command({ position: 4 });
  desk.replay.command({ position: 7, playing: true });
  desk.replay.command({ speed: 10 });
  assert.deepEqual(desk.replay.pending, { position: 7, playing: true, speed: 10 });
  await desk.answer({ position: 3 });
  assert.deepEqual(desk.requests, [{ position: 3 }, { position: 7, playing: true, speed: 10 }]);
  assert.deepEqual(desk.replay.pending, { position: 7, playing: true, speed: 10 }, "until it is confirmed");
  await desk.answer({ position: 7 });
  assert.deepEqual([desk.replay.pending, desk.replay.known?.position, desk.requests.length], [{}, 7, 2]);
});

test("a command that fails is told, is no longer pending, and the next is sent all the same", async () => {
  const desk = new Desk();
  desk.replay.command({ position: 3 });
  desk.replay.command({ playing: true });
  await desk.fail(new Error("no"));
  assert.deepEqual([desk.failures.length, desk.replay.pending], [1, { playing: true }]);
  await desk.answer({ playing: true });
  assert.deepEqual([desk.replay.known?.playing, desk.replay.pending], [true, {}]);
});

test("a question that fails is no notice, and is asked again with the next state", async () => {
  const desk = new Desk();
  desk.replay.heard(state());
  await desk.fail(new Error("away"));
  await desk.world.pass(ASK_MS);
  assert.deepEqual([desk.requests, desk.failures, desk.replay.known], [["ask"], [], null]);
  desk.replay.heard(state());
  await desk.answer();
  assert.equal(desk.replay.known?.count, 9);
});

test("every answer and every command is a change to be drawn", async () => {
  const desk = new Desk();
  desk.replay.command({ playing: true });
  const before = desk.changes;
  await desk.answer();
  assert.ok(before > 0 && desk.changes > before);
});
