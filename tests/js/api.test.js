import assert from "node:assert/strict";
import { test } from "node:test";

import { Api, ApiError } from "../../static/js/api.js";
import { sleepAwareClock } from "../../static/js/clock.js";

/** @param {() => Response} answer @param {string} sessionId @param {string} token */
function apiOf(answer, sessionId = "", token = "") {
  /** @type {{ url: string, init: RequestInit }[]} */
  const asked = [];
  const fetch = async (/** @type {string} */ url, /** @type {RequestInit} */ init) => {
    asked.push({ url, init });
    return answer();
  };
  return { api: new Api({ fetch, base: "http://h/sub/", sessionId, token }), asked };
}

test("routes are relative to the base, and to the session where it is known", () => {
  const { api } = apiOf(() => new Response());
  assert.equal(api.url("stream"), "http://h/sub/stream");
  api.sessionId = "s/1";
  assert.equal(api.url("stream"), "http://h/sub/sessions/s%2F1/stream");
  assert.equal(api.rootUrl("sessions"), "http://h/sub/sessions");
});

test("a message is posted with its key, as JSON, with the token in the header", async () => {
  const { api, asked } = apiOf(
    () => Response.json({ log: "abc", idx: 3, cursor: "abc.4.t" }, { status: 202 }),
    "s",
    "secret",
  );
  assert.equal((await api.chat("hi", "key-12345")).idx, 3);
  assert.deepEqual(asked[0]?.init.headers, {
    Authorization: "Bearer secret",
    "Content-Type": "application/json",
    "Idempotency-Key": "key-12345",
  });
  assert.equal(asked[0]?.init.body, '{"message":"hi"}');
  assert.ok(!asked[0]?.url.includes("secret"));
});

test("what a message refers to is asked for at the root, with the token in the header", async () => {
  const { api, asked } = apiOf(() => new Response("bytes"), "s", "secret");
  assert.equal(await (await api.blob("ab/../c")).text(), "bytes");
  assert.equal(asked[0]?.url, "http://h/sub/blobs/ab%2F..%2Fc");
  assert.deepEqual(asked[0]?.init.headers, { Authorization: "Bearer secret" });
});

test("without a token no Authorization is sent", async () => {
  const { api, asked } = apiOf(() => Response.json({}));
  await api.find("words");
  assert.deepEqual(asked[0]?.init.headers, {});
});

test("one tool is cancelled by its id, and the turn without one", async () => {
  const { api, asked } = apiOf(() => Response.json({}));
  await api.cancel("t1");
  await api.cancel();
  assert.deepEqual(
    asked.map(({ init }) => init.body),
    ['{"tool_call_id":"t1"}', "{}"],
  );
});

test("a refusal says what the server's problem says", async () => {
  const { api } = apiOf(() =>
    Response.json(
      { title: "Conflict", detail: "the session has ended" },
      { status: 409, headers: { "Retry-After": "2" } },
    ),
  );
  await assert.rejects(api.chat("hi", "key-12345"), (error) => {
    assert.ok(error instanceof ApiError);
    assert.deepEqual([error.status, error.message, error.retryAfterMs], [409, "the session has ended", 2000]);
    return true;
  });
});

test("a refusal that is no JSON still has words", async () => {
  const { api } = apiOf(() => new Response("<html>", { status: 502 }));
  await assert.rejects(api.diff(""), /the server answered 502/);
});

const OURS = { headers: { "X-Request-Id": "0123456789abcdef" } };

test("a message's HTML is asked for by its log too, or the browser's cache would show one of before a restore", async () => {
  const { api, asked } = apiOf(() => new Response("<p>hi</p>", OURS), "s");
  assert.equal(await api.html(3, "abc"), "<p>hi</p>");
  await api.html(3, "xyz");
  assert.deepEqual(
    asked.map(({ url }) => url),
    ["http://h/sub/sessions/s/messages/3/html?log=abc&by=2", "http://h/sub/sessions/s/messages/3/html?log=xyz&by=2"],
  );
});

test("HTML that something else answers in the server's place is not taken for a message", async () => {
  const { api } = apiOf(() => new Response("<p>Accept our terms</p>"), "s");
  await assert.rejects(api.html(3, "abc"), /something else/);
});

test("the clock counts the time the machine slept, and only that", () => {
  let steady = 100;
  let wall = 1_000_000;
  const now = sleepAwareClock(
    () => steady,
    () => wall,
  );
  const start = now();
  steady += 500;
  wall += 500;
  assert.equal(now() - start, 500);
  wall += 60_000;
  assert.equal(now() - start, 60_500, "asleep");
  wall -= 3_600_000;
  assert.equal(now() - start, 60_500, "the clock was set back");
  steady += 500;
  wall += 500;
  assert.equal(now() - start, 61_000);
});
