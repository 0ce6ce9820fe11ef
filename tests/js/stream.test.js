import assert from "node:assert/strict";
import { test } from "node:test";

import { DOUBT_MS } from "../../static/js/connection.js";
import { CONNECT_MS, EventStream, LOST_PULSE_MS, QUIET_MS } from "../../static/js/stream.js";
import { FakeWorld } from "./world.js";

/** @import { StreamEvent } from "../../static/js/wire.js" */

const READY = { log: "abc", from: 0, count: 0, heartbeat: 15 };

function fixture() {
  const fake = new FakeWorld();
  /** @type {StreamEvent[]} */
  const events = [];
  /** @type {string[]} */
  const statuses = [];
  const page = { fits: true, cursor: "", token: "secret" };
  const stream = new EventStream(fake.world, {
    request: () => ({ url: `stream?cursor=${page.cursor}`, headers: { Authorization: `Bearer ${page.token}` } }),
    onEvents: (batch) => {
      events.push(...batch);
      return page.fits;
    },
    onChange: ({ status }) => {
      if (statuses.at(-1) !== status) statuses.push(status);
    },
  });
  return { fake, events, statuses, page, stream };
}

async function connected() {
  const made = fixture();
  made.stream.start();
  await made.fake.last.answer();
  await made.fake.last.event("ready", READY);
  assert.equal(made.stream.connection.status, "connected");
  return made;
}

async function pulsing() {
  const made = fixture();
  made.stream.start();
  await made.fake.last.answer();
  await made.fake.last.event("ready", { ...READY, pulse: 1 });
  await made.fake.last.bytes(":\n");
  return made;
}

test("the token goes in the header and nowhere else", async () => {
  const { fake } = await connected();
  assert.deepEqual(fake.last.init.headers, { Authorization: "Bearer secret" });
  assert.ok(!fake.last.url.includes("secret"));
});

test("an answer without ready is not yet a connection", async () => {
  const { fake, stream } = fixture();
  stream.start();
  await fake.last.answer();
  await fake.last.bytes("retry: 2000\n\n");
  assert.equal(stream.connection.status, "connecting");
});

test("events are handed on in the batches they came in", async () => {
  const { fake, events } = await connected();
  await fake.last.bytes("event: message\ndata: 1\n\nevent: mess");
  await fake.last.bytes("age\ndata: 2\n\n");
  assert.deepEqual(events.map(({ data }) => data).slice(1), ["1", "2"]);
});

test("a lost connection is tried again quickly, with the cursor of that moment", async () => {
  const { fake, page, stream } = await connected();
  page.cursor = "abc.7.t";
  await fake.last.tear();
  assert.equal(stream.connection.status, "reconnecting");
  await fake.pass(500);
  assert.equal(fake.exchanges.length, 2);
  assert.equal(fake.last.url, "stream?cursor=abc.7.t");
});

test("an end without goodbye is a lost connection", async () => {
  const { fake, stream } = await connected();
  await fake.last.end();
  assert.equal(stream.connection.state, "waiting");
});

test("failed attempts come further and further apart, to the cap", async () => {
  const { fake, stream } = fixture();
  stream.start();
  const gaps = [];
  for (let i = 0; i < 8; i++) {
    await fake.last.fail();
    gaps.push(stream.connection.dueAt - fake.world.now());
    await fake.pass(gaps.at(-1) ?? 0);
  }
  assert.deepEqual(gaps, [125, 250, 500, 1000, 2000, 3750, 3750, 3750]);
});

test("a server that accepts and drops is not hammered: only a connection that lived resets the backoff", async () => {
  const { fake, stream } = fixture();
  stream.start();
  for (let i = 0; i < 4; i++) {
    await fake.last.answer();
    await fake.last.event("ready", READY);
    await fake.pass(5000);
    await fake.last.end();
    await fake.pass(stream.connection.dueAt - fake.world.now());
  }
  assert.equal(stream.connection.attempt, 4);
});

test("a connection that lived thirty seconds resets the backoff", async () => {
  const { fake, stream } = fixture();
  stream.start();
  await fake.last.fail();
  await fake.pass(125);
  await fake.last.answer();
  await fake.last.event("ready", READY);
  await fake.pass(29_000);
  assert.equal(stream.connection.attempt, 1);
  await fake.last.event("heartbeat", 1);
  await fake.pass(1_000);
  assert.equal(stream.connection.attempt, 0);
});

test("the retry field is respected from the second try on", async () => {
  const { fake, stream } = await connected();
  await fake.last.bytes("retry: 2000\n\n");
  await fake.last.tear();
  assert.equal(stream.connection.dueAt - fake.world.now(), 125);
  await fake.pass(125);
  await fake.last.fail();
  assert.equal(stream.connection.dueAt - fake.world.now(), 2000);
});

test("a goodbye with a time is respected at once, and only once", async () => {
  const { fake, stream } = await connected();
  await fake.last.event("bye", { reason: "shutdown", retry_ms: 4000 });
  assert.ok(fake.last.aborted);
  assert.equal(stream.connection.dueAt - fake.world.now(), 4000);
  await fake.pass(4000);
  await fake.last.fail();
  assert.equal(stream.connection.dueAt - fake.world.now(), 250);
});

test("an overloaded server's long retry is respected", async () => {
  const { fake, stream } = fixture();
  stream.start();
  await fake.last.answer();
  await fake.last.bytes('retry: 60000\n\nevent: bye\ndata: {"reason":"overload"}\n\n');
  assert.equal(stream.connection.dueAt - fake.world.now(), 60_000);
});

test("Retry-After of a refusal is respected", async () => {
  const { fake, stream } = fixture();
  stream.start();
  await fake.last.answer(503, { "Retry-After": "7" });
  assert.equal(stream.connection.dueAt - fake.world.now(), 7000);
  assert.equal(stream.connection.reason, "the server answered 503");
});

test("an ended session is not asked for again", async () => {
  const { fake, stream, events } = await connected();
  await fake.last.event("bye", { reason: "session_ended", retry_ms: 2000 });
  assert.equal(fake.timers, 0);
  await fake.pass(600_000);
  assert.equal(stream.connection.status, "ended");
  assert.equal(fake.exchanges.length, 1);
  assert.equal(events.at(-1)?.event, "bye");
});

test("silence for more than two heartbeats drops the connection and opens another at once", async () => {
  const { fake, stream } = await connected();
  await fake.pass(30_000);
  assert.equal(stream.connection.status, "connected");
  await fake.pass(2);
  assert.equal(stream.connection.state, "stale");
  assert.equal(stream.connection.status, "reconnecting");
  assert.ok(fake.exchanges[0]?.aborted);
  assert.equal(fake.exchanges.length, 2);
});

test("where a pulse is promised, its absence is shown within two seconds, and its return at once", async () => {
  const { fake, stream, statuses } = await pulsing();
  for (let i = 0; i < 20; i++) {
    await fake.pass(1000);
    await fake.last.bytes(":\n");
  }
  assert.deepEqual(statuses, ["connecting", "connected"]);
  await fake.pass(QUIET_MS + 2);
  assert.ok(QUIET_MS + 2 <= 2000);
  assert.equal(stream.connection.status, "reconnecting");
  assert.equal(stream.connection.reason, "the server gives no sign of life");
  await fake.last.bytes(":\n");
  assert.equal(stream.connection.status, "connected");
  await fake.pass(1000);
  assert.equal(stream.connection.status, "connected");
  assert.equal(fake.exchanges.length, 1);
});

test("a pulse that stays away gives the connection up", async () => {
  const { fake, stream } = await pulsing();
  await fake.pass(LOST_PULSE_MS);
  assert.equal(fake.exchanges.length, 1);
  await fake.pass(2);
  assert.equal(stream.connection.state, "stale");
  assert.equal(fake.exchanges.length, 2);
});

test("where what is on the way holds bytes back, the absence of a pulse says nothing", async () => {
  const { fake, stream, statuses } = fixture();
  stream.start();
  await fake.last.answer();
  await fake.last.event("ready", { ...READY, pulse: 1 });
  for (let i = 0; i < 5; i++) {
    await fake.pass(25_000);
    await fake.last.bytes(":\n".repeat(25));
  }
  assert.deepEqual(statuses, ["connecting", "connected"]);
  assert.equal(stream.connection.status, "connected");
  assert.equal(fake.exchanges.length, 1);
});

test("the next connection is not quiet because the one before was", async () => {
  const { fake, stream } = await pulsing();
  await fake.pass(LOST_PULSE_MS + 2);
  await fake.last.answer();
  await fake.last.event("ready", { ...READY, pulse: 1 });
  assert.equal(stream.connection.status, "connected");
  await fake.pass(QUIET_MS);
  assert.equal(stream.connection.status, "connected");
});

test("any byte is a sign of life, not only a heartbeat", async () => {
  const { fake, stream } = await connected();
  for (let i = 0; i < 5; i++) {
    await fake.pass(20_000);
    await fake.last.bytes(": still here\n");
  }
  assert.equal(stream.connection.status, "connected");
  assert.equal(fake.exchanges.length, 1);
});

test("heartbeats keep a quiet connection for ever", async () => {
  const { fake, stream } = await connected();
  for (let i = 0; i < 100; i++) {
    await fake.pass(15_000);
    await fake.last.event("heartbeat", i);
  }
  assert.equal(stream.connection.status, "connected");
  assert.equal(fake.exchanges.length, 1);
});

test("a page that wakes up looks at the clock at once, without waiting for a timer", async () => {
  const { fake, stream } = await connected();
  fake.sleep(60_000);
  stream.wake();
  assert.equal(stream.connection.state, "stale");
  assert.equal(fake.exchanges.length, 2);
});

test("a page that wakes up with a live connection leaves it alone", async () => {
  const { fake, stream } = await connected();
  fake.sleep(5000);
  stream.wake();
  assert.equal(fake.exchanges.length, 1);
  assert.equal(stream.connection.status, "connected");
});

test("a page that wakes up while waiting tries at once", async () => {
  const { fake, stream } = fixture();
  stream.start();
  await fake.last.fail();
  stream.wake();
  assert.equal(fake.exchanges.length, 2);
  await fake.pass(400);
  assert.equal(fake.exchanges.length, 2, "the timer of the wait must be gone");
});

test("a request that is never answered is given up", async () => {
  const { fake, stream } = fixture();
  stream.start();
  await fake.pass(CONNECT_MS + 1);
  assert.equal(stream.connection.state, "waiting");
  assert.ok(fake.exchanges[0]?.aborted);
});

test("offline is said, tried from time to time, and left at once when the network is back", async () => {
  const { fake, stream, statuses } = await connected();
  stream.offline();
  assert.equal(stream.connection.status, "offline");
  await fake.pass(200);
  assert.equal(fake.exchanges.length, 2);
  await fake.last.fail();
  assert.equal(stream.connection.status, "offline");
  stream.online();
  assert.equal(fake.exchanges.length, 3);
  await fake.last.answer();
  await fake.last.event("ready", READY);
  assert.deepEqual(statuses, ["connecting", "connected", "offline", "reconnecting", "connected"]);
});

test("offline is a lie where the server is on this machine, and is not kept up", async () => {
  const { fake, stream } = await connected();
  stream.offline();
  await fake.pass(200);
  await fake.last.answer();
  await fake.last.event("ready", READY);
  assert.equal(stream.connection.status, "connected");
});

/** How the server itself says no. */
const PROBLEM = { "Content-Type": "application/problem+json" };

/** @type {readonly [number, string][]} */
const REFUSALS = [[401, "unauthorized"], [404, "missing"]];

test("a refusal is asked about again every half minute, and stays in sight meanwhile", async () => {
  for (const [status, state] of REFUSALS) {
    const { fake, statuses, stream } = fixture();
    stream.start();
    await fake.last.answer(status, PROBLEM);
    for (let tries = 1; tries < 5; tries++) {
      await fake.pass(DOUBT_MS - 1);
      assert.deepEqual([fake.exchanges.length, stream.connection.state], [tries, state]);
      await fake.pass(1);
      assert.deepEqual([fake.exchanges.length, stream.connection.state], [tries + 1, state]);
      // A server that is away does not make it more often.
      if (tries % 2) await fake.last.fail();
      else await fake.last.answer(status, PROBLEM);
    }
    assert.equal(statuses.length, 2, "the form came and went");
  }
});

test("a server that does not refuse any more lets the page in, at once if somebody looks at it", async () => {
  for (const [status] of REFUSALS) {
    for (const ask of /** @type {const} */ (["wake", "retryNow", "online", "start"])) {
      const { fake, stream } = fixture();
      stream.start();
      await fake.last.answer(status, PROBLEM);
      stream[ask]();
      assert.equal(fake.exchanges.length, 2);
      await fake.last.answer();
      await fake.last.event("ready", READY);
      assert.equal(stream.connection.state, "open");
    }
  }
});

test("who looks at the clock does not shorten a wait, but ends one that a sleeping timer has missed", async () => {
  const { fake, stream } = await connected();
  await fake.last.tear();
  stream.look();
  assert.equal(fake.exchanges.length, 1);
  fake.sleep(1000);
  stream.look();
  assert.equal(fake.exchanges.length, 2);
});

test("who says no in the server's place, a proxy or a portal, is asked again", async () => {
  for (const status of [401, 404]) {
    const { fake, stream } = fixture();
    stream.start();
    await fake.last.answer(status, { "Content-Type": "text/html" });
    assert.equal(stream.connection.state, "waiting");
    await fake.pass(1000);
    assert.equal(fake.exchanges.length, 2);
  }
});

test("events that do not fit reopen the stream, but not in a hot loop", async () => {
  const { fake, page, stream } = await connected();
  page.fits = false;
  await fake.last.event("message", { idx: 9 });
  assert.equal(stream.connection.state, "waiting");
  assert.ok(fake.exchanges[0]?.aborted);
  assert.ok(stream.connection.dueAt > fake.world.now());
});

test("the user need not wait", async () => {
  const { fake, stream } = fixture();
  stream.start();
  await fake.last.fail();
  stream.retryNow();
  assert.equal(fake.exchanges.length, 2);
  assert.equal(stream.connection.dueAt, 0);
});

test("what an abandoned connection still sends is not heard", async () => {
  const { fake, stream, events } = await connected();
  const [old] = fake.exchanges;
  stream.offline();
  const count = events.length;
  await old?.event("message", { idx: 0 });
  assert.equal(events.length, count);
});

test("only one request is ever out", async () => {
  const { fake, stream } = await connected();
  for (let i = 0; i < 5; i++) {
    stream.offline();
    stream.online();
    stream.wake();
    stream.retryNow();
  }
  assert.equal(fake.exchanges.filter((each) => !each.aborted).length, 1);
});

test("an event that is no JSON is a lost connection, not the end of all", async (t) => {
  t.mock.method(console, "error", () => undefined);
  const { fake, stream } = await connected();
  await fake.last.bytes("event: bye\ndata: {\n\n");
  assert.equal(stream.connection.reason, "the stream could not be read");
  assert.ok(fake.exchanges[0]?.aborted);
  await fake.pass(500);
  assert.equal(fake.exchanges.length, 2);
});
