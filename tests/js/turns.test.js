/** A stream that needs leave to have a connection, and gives it up to others. */

import assert from "node:assert/strict";
import { test } from "node:test";

import { REST_MS } from "../../static/js/connection.js";
import { CONNECT_MS, EventStream } from "../../static/js/stream.js";
import { FakeWorld, settled } from "./world.js";

function fixture() {
  const fake = new FakeWorld();
  /** @type {{ signal: AbortSignal, giveWay: (atOnce: boolean) => void, begin: () => void }[]} */
  const turns = [];
  const slots = {
    /** @param {AbortSignal} signal @param {(atOnce: boolean) => void} giveWay @returns {Promise<void>} */
    take: (signal, giveWay) => new Promise((begin) => void turns.push({ signal, giveWay, begin })),
  };
  const request = () => ({ url: "stream", headers: {} });
  const hooks = { request, onEvents: () => true, onChange: () => undefined };
  const stream = new EventStream(fake.world, hooks, slots);
  const turn = () => {
    const last = turns.at(-1);
    if (!last) throw new Error("no slot was asked for");
    return last;
  };
  return { fake, stream, turns, turn };
}

/** A stream whose log has one message more than it was sent. */
async function behind() {
  const made = fixture();
  made.stream.start();
  made.turn().begin();
  await settled();
  await made.fake.last.answer();
  await made.fake.last.event("ready", { log: "abc", from: 0, count: 1, heartbeat: 15 });
  await made.fake.last.event("state", { message_count: 0 });
  return made;
}

test("nothing is sent without leave, and waiting for it is not the server's silence", async () => {
  const { fake, stream, turn, turns } = fixture();
  stream.start();
  await fake.pass(10 * CONNECT_MS);
  assert.deepEqual([fake.exchanges.length, turns.length, stream.connection.state], [0, 1, "connecting"]);
  turn().begin();
  await settled();
  assert.equal(fake.exchanges.length, 1);
  await fake.pass(CONNECT_MS - 1);
  assert.equal(stream.connection.state, "connecting");
  await fake.pass(2);
  assert.equal(stream.connection.state, "waiting");
});

test("who is asked for the slot gives it up when it has caught up, not before", async () => {
  const { fake, stream, turn } = await behind();
  turn().giveWay(false);
  assert.equal(stream.connection.state, "open");
  await fake.last.event("message", { idx: 0 });
  assert.equal(stream.connection.state, "open");
  await fake.last.event("state", { message_count: 1 });
  assert.equal(stream.connection.state, "resting");
  assert.ok(turn().signal.aborted);
});

test("who has caught up gives the slot up at once, rests, and queues again", async () => {
  const { fake, stream, turn, turns } = await behind();
  await fake.last.event("state", { message_count: 1 });
  turn().giveWay(false);
  assert.deepEqual([stream.connection.state, stream.connection.status], ["resting", "connected"]);
  await fake.pass(REST_MS);
  assert.deepEqual([stream.connection.state, turns.length], ["returning", 2]);
});

test("a slot that was taken away is given up at once, whatever is missing", async () => {
  const { stream, turn } = await behind();
  turn().giveWay(true);
  assert.equal(stream.connection.state, "resting");
});

test("a slot that was taken away before the server answered is queued for again", async () => {
  const { fake, stream, turn, turns } = fixture();
  stream.start();
  turn().begin();
  await settled();
  turn().giveWay(true);
  assert.deepEqual([stream.connection.state, turns.length], ["connecting", 2]);
  assert.ok(fake.last.aborted);
});

test("every way out of a connection gives its slot back", async () => {
  for (const leave of ["tear", "end", "stop", "offline"]) {
    const { fake, stream, turn } = await behind();
    if (leave === "tear") await fake.last.tear();
    else if (leave === "end") await fake.last.end();
    else if (leave === "stop") stream.stop();
    else stream.offline();
    assert.ok(turn().signal.aborted, leave);
  }
});

test("a life that is shared out over turns is a life all the same: it makes the next wait short", async () => {
  const { fake, stream, turn } = fixture();
  stream.start();
  turn().begin();
  await settled();
  await fake.last.fail();
  await fake.pass(500);
  assert.equal(stream.connection.attempt, 1);
  for (let i = 0; i < 31; i++) {
    turn().begin();
    await settled();
    await fake.last.answer();
    await fake.last.event("ready", { log: "abc", from: 0, count: 0, heartbeat: 15 });
    await fake.last.event("state", { message_count: 0 });
    turn().giveWay(false);
    await fake.pass(REST_MS);
  }
  assert.equal(stream.connection.attempt, 0);
});
