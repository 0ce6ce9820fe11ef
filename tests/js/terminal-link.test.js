import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";

import { BACKOFF_BASE_MS, SETTLED_MS } from "../../static/js/connection.js";
import { PATIENCE_MS, PIECE_BYTES, PING_MS, TerminalLink } from "../../static/js/terminal-link.js";

/** A WebSocket that the test plays the server of. */
class Socket {
  static OPEN = 1;
  readyState = 0;
  /** @type {any[]} */
  sent = [];
  isClosed = false;
  /** @type {any} */ onopen;
  /** @type {any} */ onmessage;
  /** @type {any} */ onclose;

  /** @param {any} data */
  send(data) {
    this.sent.push(data);
  }

  close() {
    this.isClosed = true;
  }

  accept() {
    this.readyState = 1;
    this.onopen();
  }

  /** @param {object} told */
  tell(told) {
    this.onmessage({ data: JSON.stringify(told) });
  }
}

/** @type {any} */ (globalThis).WebSocket = Socket;

/** @type {{ at: number, run: () => void }[]} */
let timers = [];
let now = 0;
/** @type {Socket[]} */
let sockets = [];
/** @type {any[]} */
let news = [];
/** @type {TerminalLink} */
let link;

beforeEach(() => {
  [timers, now, sockets, news] = [[], 0, [], []];
  link = new TerminalLink(
    {
      now: () => now,
      random: () => 1,
      setTimer: (run, ms) => {
        const timer = { at: now + ms, run };
        timers.push(timer);
        return timer;
      },
      clearTimer: (timer) => (timers = timers.filter((each) => each !== timer)),
      open: () => {
        sockets.push(new Socket());
        return /** @type {any} */ (sockets.at(-1));
      },
      hello: () => "hello",
    },
    {
      onBegin: () => news.push("begin"),
      onData: (data) => news.push([...data]),
      onTold: (told) => news.push(told),
      onChange: ({ status }) => news.push(status),
      onClosed: () => news.push("closed"),
    },
  );
  link.start();
});

/** @param {number} ms */
function pass(ms) {
  const end = now + ms;
  for (;;) {
    const [next] = timers.filter(({ at }) => at <= end).sort((a, b) => a.at - b.at);
    if (!next) break;
    now = next.at;
    timers = timers.filter((each) => each !== next);
    next.run();
  }
  now = end;
}

const last = () => /** @type {Socket} */ (sockets.at(-1));

function connect() {
  last().accept();
  last().tell({ replaying: true });
}

test("the token goes first, and what was on the screen is cleared when the first word comes", () => {
  last().accept();
  assert.deepEqual(last().sent, ["hello"]);
  last().onmessage({ data: new Uint8Array([65]).buffer });
  assert.deepEqual(news, ["connecting", "connected", "begin", [65]]);
});

test("a connection that breaks is tried again, later each time, until one has lived for a while", () => {
  connect();
  for (const delay of [1, 2, 4]) {
    last().onclose({ code: 1006, reason: "" });
    assert.deepEqual([link.link.status, link.link.dueAt - now], ["reconnecting", BACKOFF_BASE_MS * delay]);
    pass(BACKOFF_BASE_MS * delay);
    connect();
  }
  for (let passed = 0; passed < SETTLED_MS; passed += PING_MS) {
    pass(PING_MS);
    last().tell({ pong: 0 });
  }
  last().onclose({ code: 1001, reason: "" });
  assert.equal(link.link.dueAt - now, BACKOFF_BASE_MS);
});

test("now means now", () => {
  last().onclose({ code: 1006, reason: "" });
  link.retryNow();
  assert.deepEqual([sockets.length, link.link.dueAt, timers.length], [2, 0, 1]);
});

test("whoever answers no ping is left", () => {
  connect();
  pass(PING_MS);
  assert.equal(last().sent.at(-1), '{"ping":0}');
  pass(PATIENCE_MS);
  assert.deepEqual([sockets[0]?.isClosed, link.link.status], [true, "reconnecting"]);
});

test("a machine that has slept asks at once", () => {
  connect();
  link.wake();
  assert.equal(last().sent.at(-1), '{"ping":0}');
  last().onclose({ code: 1006, reason: "" });
  link.wake();
  assert.equal(sockets.length, 2);
});

for (const [code, status, isTriedAgain] of /** @type {const} */ ([
  [4401, "unauthorized", true],
  [4204, "ended", false],
  [4404, "ended", false],
  [4410, "ended", false],
])) {
  test(`after ${code} it waits for somebody, if for anybody`, () => {
    connect();
    last().onclose({ code, reason: "why" });
    assert.deepEqual([link.link.status, link.link.reason, timers.length], [status, "why", 0]);
    link.wake();
    assert.equal(sockets.length, isTriedAgain ? 2 : 1);
  });
}

test("a terminal is closed as soon as there is somebody to tell, unless something runs in it", () => {
  link.close("ask");
  assert.equal(link.isClosing, true);
  last().accept();
  assert.deepEqual(last().sent, ["hello", '{"close":"ask"}']);
  last().tell({ runs: "vim" });
  assert.equal(link.isClosing, false);
  link.close("now");
  last().onclose({ code: 1006, reason: "" });
  link.retryNow();
  last().accept();
  assert.deepEqual(last().sent, ["hello", '{"close":"now"}']);
  last().onclose({ code: 4204, reason: "the terminal was closed" });
  assert.equal(news.at(-1), "closed");
});

test("what is pasted goes in pieces, and what is typed while nobody listens goes nowhere", () => {
  link.type(new Uint8Array(10));
  connect();
  link.type(new Uint8Array(PIECE_BYTES * 2 + 1));
  assert.deepEqual(last().sent.slice(1).map((data) => data.length), [PIECE_BYTES, PIECE_BYTES, 1]);
});

test("who stops leaves nothing behind, and hears nothing more", () => {
  connect();
  const socket = last();
  link.stop();
  assert.deepEqual([socket.isClosed, socket.onmessage, timers.length, link.link.status], [true, null, 0, "ended"]);
});
