import assert from "node:assert/strict";
import { test } from "node:test";

import { EventStream } from "../../static/js/stream.js";
import { FakeWorld } from "./world.js";

/** @import { Exchange } from "./world.js" */

const MINUTES = 10;

/** @param {unknown} heartbeat */
const READY = (heartbeat = 15) => `event: ready\ndata: ${JSON.stringify({ log: "abc", from: 0, count: 0, heartbeat })}\n\n`;
/** @param {unknown} retry_ms */
const BYE = (retry_ms) => `event: bye\ndata: ${JSON.stringify({ reason: "shutdown", retry_ms })}\n\n`;

/** @param {string} text @param {boolean} ends @returns {(exchange: Exchange) => Promise<void>} */
const says = (text, ends = true) => async (exchange) => {
  await exchange.answer();
  await exchange.bytes(text);
  if (ends && !exchange.aborted) await exchange.end();
};

/** As only the server itself says it. @param {number} status @returns {(exchange: Exchange) => Promise<void>} */
const bars = (status) => (exchange) => exchange.answer(status, { "Content-Type": "application/problem+json" });

/** @param {number} status @param {string} after @returns {(exchange: Exchange) => Promise<void>} */
const refuses = (status, after) => (exchange) => exchange.answer(status, { "Retry-After": after });

/** @type {Record<string, (exchange: Exchange) => Promise<void>>} */
const SERVERS = {
  "accepts and drops": says(READY()),
  "says goodbye without a time": says(READY() + BYE(0)),
  "names a time in the past": says(READY() + BYE(-5000)),
  "names a time that is none": says(READY() + BYE("soon")),
  "names a time that looks like never": says(READY() + BYE(1e300)),
  "has a retry of nothing": says("retry: 0\n\n" + READY()),
  "has an endless retry": says("retry: 99999999999999999999\n\n" + READY()),
  "promises no beat": says(READY(0), false),
  "promises more beats than there can be": says(READY(0.001), false),
  "promises a beat that looks like never": says(READY(1e300)),
  "promises a beat that is none": says(READY("often"), false),
  "sends what is no JSON": says(READY() + "event: bye\ndata: {\n\n"),
  "wants a token": bars(401),
  "knows no such session": bars(404),
  "refuses at once": refuses(503, "0"),
  "refuses until a time in the past": refuses(429, "-1"),
  "refuses until a date in the past": refuses(503, "Thu, 01 Jan 1970 00:00:00 GMT"),
  "refuses until a time that looks like never": refuses(503, "999999"),
};

/** How often a server that answers so is asked in MINUTES. @param {(exchange: Exchange) => Promise<void>} answer @param {number} luck */
async function asked(answer, luck) {
  const fake = new FakeWorld();
  fake.luck = luck;
  const stream = new EventStream(fake.world, {
    request: () => ({ url: "stream", headers: {} }),
    onEvents: () => true,
    onChange: () => undefined,
  });
  stream.start();
  let answered = 0;
  for (let tenths = 0; tenths < MINUTES * 600; tenths++) {
    if (fake.exchanges.length > answered) {
      answered = fake.exchanges.length;
      await answer(fake.last);
    }
    await fake.pass(100);
  }
  return fake.exchanges.length;
}

test("a broken server is asked again but never in a hot loop", async (t) => {
  t.mock.method(console, "error", () => undefined);
  for (const [what, answer] of Object.entries(SERVERS)) {
    await t.test(what, async () => {
      for (const luck of [0, 0.999]) {
        const times = await asked(answer, luck);
        assert.ok(times >= 2, `given up after ${times}`);
        assert.ok(times <= 10 + (MINUTES * 60) / 2, `asked ${times} times`);
      }
    });
  }
});
