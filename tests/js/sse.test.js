import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";

import { EventParser } from "../../static/js/sse.js";

const encoder = new TextEncoder();

/** @param {string | Uint8Array} stream @param {number[]} cuts @param {EventParser} parser */
function parse(stream, cuts = [], parser = new EventParser()) {
  const bytes = typeof stream === "string" ? encoder.encode(stream) : stream;
  const events = [];
  let from = 0;
  for (const to of [...cuts, bytes.length]) {
    events.push(...parser.feed(bytes.subarray(from, to)));
    from = to;
  }
  return events;
}

const MIXED =
  'retry: 1500\n\n: a comment\nevent: message\nid: log.1.abc\ndata: {"a":"h\u00e9 \u2028 \ud83d\ude00"}\n\n' +
  "event: state\r\ndata: one\r\ndata: two\r\n\r\ndata:bare\r\revent: heartbeat\rdata: 7\r\r";

const EXPECTED = [
  { event: "message", data: '{"a":"h\u00e9 \u2028 \ud83d\ude00"}', id: "log.1.abc" },
  { event: "state", data: "one\ntwo", id: "log.1.abc" },
  { event: "message", data: "bare", id: "log.1.abc" },
  { event: "heartbeat", data: "7", id: "log.1.abc" },
];

test("a stream reads the same wherever it is cut in two", () => {
  const length = encoder.encode(MIXED).length;
  for (let cut = 0; cut <= length; cut++) assert.deepEqual(parse(MIXED, [cut]), EXPECTED, `cut at ${cut}`);
});

test("a stream reads the same byte by byte", () => {
  const length = encoder.encode(MIXED).length;
  assert.deepEqual(
    parse(
      MIXED,
      Array.from({ length }, (_, i) => i),
    ),
    EXPECTED,
  );
});

test("an empty chunk between CR and LF does not make two lines of one end", () => {
  assert.deepEqual(parse("data: a\r\ndata: b\r\n\r\n", [8, 8, 8]), [{ event: "message", data: "a\nb", id: "" }]);
});

test("U+2028, U+0085 and vertical tab are text", () => {
  assert.equal(parse("data: a\u2028b\u0085c\u000bd\n\n")[0]?.data, "a\u2028b\u0085c\u000bd");
});

test("only one space after the colon is dropped", () => {
  assert.deepEqual(parse("data:  a\ndata:b\ndata\n\n"), [{ event: "message", data: " a\nb\n", id: "" }]);
});

test("an event without data is not dispatched, and its name does not leak into the next", () => {
  assert.deepEqual(parse("event: odd\n\ndata: x\n\n"), [{ event: "message", data: "x", id: "" }]);
});

test("an event that is cut off by the end is not dispatched", () => {
  assert.deepEqual(parse("data: x\n"), []);
});

test("an id with NUL is ignored and an empty one clears", () => {
  const parser = new EventParser();
  parse("id: a\n\nid: b\0\n\n", [], parser);
  assert.equal(parser.lastEventId, "a");
  parse("id\n\n", [], parser);
  assert.equal(parser.lastEventId, "");
});

test("a retry of digits is kept and any other ignored", () => {
  const parser = new EventParser();
  parse("retry: 2500\nretry: 1e3\nretry: -1\nretry:\n", [], parser);
  assert.equal(parser.retryMs, 2500);
});

test("a byte order mark at the start is no part of the first field", () => {
  assert.equal(parse("\ufeffdata: x\n\n", [1, 2]).length, 1);
});

test("a byte order mark before an empty line leaves the line empty", () => {
  assert.equal(parse("\ufeff\ndata: x\n\n", [3]).length, 1);
});

test("invalid UTF-8 is replaced, not fatal", () => {
  const bytes = new Uint8Array([...encoder.encode("data: a"), 0xff, ...encoder.encode("b\n\n")]);
  assert.equal(parse(bytes)[0]?.data, "a\ufffdb");
});

test("a line that came in two pieces counts once", () => {
  const parser = new EventParser(100);
  const events = parse("data: " + "x".repeat(60) + "\ndata: " + "y".repeat(20) + "\n\n", [50], parser);
  assert.equal(events.length, 1);
});

test("a line without end is refused at the bound instead of growing for ever", () => {
  const parser = new EventParser(100);
  assert.throws(() => parse("data: " + "x".repeat(120), [60], parser), RangeError);
});

test("many data lines of one event count towards the bound", () => {
  const parser = new EventParser(100);
  assert.throws(() => parse("data: 0123456789\n".repeat(20), [], parser), RangeError);
});

test("a stream of many small events never meets the bound", () => {
  const parser = new EventParser(100);
  assert.equal(parse("data: 0123456789\n\n".repeat(50), [7, 100, 333], parser).length, 50);
});

test("an endless row of empty data lines is refused at the bound", () => {
  const parser = new EventParser(100);
  assert.throws(() => parse("data\n".repeat(200), [], parser), RangeError);
});

test("an event over the bound is refused also when it comes whole", () => {
  for (const stream of ["data: " + "a".repeat(200) + "\n\n", "data: aaa\n".repeat(50) + "\n", ":" + "a".repeat(200) + "\n"])
    assert.throws(() => parse(stream, [], new EventParser(100)), RangeError);
});

test("a retry that no client could wait for is ignored", () => {
  const parser = new EventParser();
  parse("retry: 7\nretry: 9999999999\n", [], parser);
  assert.equal(parser.retryMs, 7);
});

// What browsers make of a stream: one file for the program's parser, this one and Chromium's (tests/sse_cases/case.py).

/**
 * @typedef {{ name: string, shows: string, stream: (string | [string, number])[], events: [string, string, string][],
 *   last_event_id: string, retry_ms: number | null }} Case
 * @type {{ cases: Case[] }}
 */
const { cases } = JSON.parse(readFileSync(new URL("../sse_cases/cases.json", import.meta.url), "utf-8"));

/** @param {Case["stream"]} pieces */
function bytesOf(pieces) {
  const text = pieces.map((piece) => (typeof piece === "string" ? piece : piece[0].repeat(piece[1]))).join("");
  return Uint8Array.from(text, (character) => character.charCodeAt(0));
}

for (const { name, shows, stream, events, last_event_id, retry_ms } of cases) {
  const bytes = bytesOf(stream);
  const expected = events.map(([event, data, id]) => ({ event, data, id }));

  /** @param {number[]} cuts */
  const check = (cuts) => {
    const parser = new EventParser();
    assert.deepEqual(parse(bytes, cuts, parser), expected, `cut at ${cuts}`);
    assert.equal(parser.lastEventId, last_event_id);
    assert.equal(parser.retryMs, retry_ms);
  };

  test(`${name} at every split: ${shows}`, () => {
    for (let cut = 0; cut <= bytes.length; cut++) check([cut]);
  });

  test(`${name} byte by byte: ${shows}`, () => check(Array.from(bytes, (_, at) => at)));
}
