import assert from "node:assert/strict";
import { test } from "node:test";

import { codePoints, countOf, EMPTY, KEPT_CHARS, KEPT_MESSAGES, OUTPUT_CHARS, reduce } from "../../static/js/reducer.js";

/** @import { Log } from "../../static/js/reducer.js" */

/** @param {string} event @param {unknown} data @param {string} id */
const made = (event, data, id = "") => ({ event, data: JSON.stringify(data), id });
/** @param {number} from @param {string} log */
const ready = (from = 0, log = "abc") => made("ready", { log, from, count: from, heartbeat: 15 }, `${log}.${from}.t`);
/** @param {number} idx @param {Record<string, unknown>} rest */
const message = (idx, rest = {}) =>
  made("message", { type: "agent", content: `m${idx}`, idx, ...rest }, `abc.${idx + 1}.t`);
/** @param {number} idx @param {number} offset @param {string} text */
const delta = (idx, offset, text, part = "content") => made("delta", { idx, part, offset, text });
/** @param {string} agent_state @param {number} message_count */
const state = (agent_state, message_count = 0) => made("state", { agent_state, message_count });
/** @param {number} offset @param {string} text */
const output = (offset, text) => made("tool", { tool_call_id: "t", offset, text });

/** @param {Log} log @param {{ event: string, data: string, id: string }[]} events */
function told(log, ...events) {
  const { log: next, resync } = reduce(log, events);
  assert.equal(resync, false);
  return next;
}
/** @param {Log} log */
const contents = (log) => log.messages.map((each) => each.content);

test("messages are kept in order and the cursor follows the last", () => {
  const log = told(EMPTY, ready(), message(0), message(1));
  assert.deepEqual(contents(log), ["m0", "m1"]);
  assert.equal(log.cursor, "abc.2.t");
});

test("a known message is dropped and does not move the cursor back", () => {
  const log = told(EMPTY, ready(), message(0), message(1), message(0, { content: "again" }));
  assert.deepEqual(contents(log), ["m0", "m1"]);
  assert.equal(log.cursor, "abc.2.t");
});

test("a message beyond the next asks for the stream anew and is not applied, nor is what follows", () => {
  const { log, resync } = reduce(EMPTY, [ready(), message(0), message(2), message(1)]);
  assert.equal(resync, true);
  assert.deepEqual(contents(log), ["m0"]);
  assert.equal(log.cursor, "abc.1.t");
});

test("the log that was given stays as it was", () => {
  const before = told(EMPTY, ready(), message(0), delta(1, 0, "a"));
  const copy = structuredClone(before);
  reduce(before, [delta(1, 1, "b"), message(1), output(0, "x"), made("reset", { log: "xyz", from: 0 })]);
  assert.deepEqual(before, copy);
});

test("a batch that brings no message keeps the very same list", () => {
  const before = told(EMPTY, ready(), message(0));
  assert.equal(told(before, delta(1, 0, "a"), state("RunningTool")).messages, before.messages);
});

test("a reconnect where the log was left brings nothing twice", () => {
  const log = told(told(EMPTY, ready(), message(0), message(1)), ready(2), message(2));
  assert.deepEqual(contents(log), ["m0", "m1", "m2"]);
});

test("a server that starts before what we have is heard from there, and nothing doubles", () => {
  const log = told(told(EMPTY, ready(), message(0), message(1)), ready(0), message(0), message(1), message(2));
  assert.deepEqual(contents(log), ["m0", "m1", "m2"]);
});

test("a server that starts beyond what we have is asked again from the start", () => {
  const { log, resync } = reduce(told(EMPTY, ready(), message(0)), [ready(5)]);
  assert.equal(resync, true);
  assert.equal(log.cursor, "");
  assert.equal(countOf(log), 0);
});

test("a reset drops everything and begins where it says", () => {
  const before = told(EMPTY, ready(), message(0), delta(1, 0, "a"), output(0, "x"));
  const log = told(before, made("reset", { reason: "new_log", log: "xyz", from: 0 }, "xyz.0.t"));
  assert.equal(countOf(log), 0);
  assert.deepEqual([log.log, log.cursor, log.draft, log.outputs.size], ["xyz", "xyz.0.t", null, 0]);
  assert.equal(log.generation, before.generation + 1);
});

test("messages of the same batch as a reset, before it, are dropped too", () => {
  const log = told(
    EMPTY,
    ready(),
    message(0),
    made("reset", { log: "xyz", from: 0 }, "xyz.0.t"),
    message(0, { content: "new" }),
  );
  assert.deepEqual(contents(log), ["new"]);
});

test("after a reset to a compacted log, indexes go on from where it begins", () => {
  const log = told(
    EMPTY,
    ready(),
    made("reset", { reason: "compacted", log: "abc", from: 40 }, "abc.40.t"),
    message(40),
  );
  assert.deepEqual([countOf(log), contents(log)], [41, ["m40"]]);
  assert.equal(reduce(log, [message(42)]).resync, true);
});

test("a reset after ready keeps what ready announced, one to another log in mid-stream does not", () => {
  const announcing = made("ready", { log: "abc", from: 0, count: 9, heartbeat: 15 }, "abc.0.t");
  const reset = (/** @type {string} */ log) => made("reset", { log, from: 0 }, `${log}.0.t`);
  const log = told(told(EMPTY, ready(0, "old"), message(0)), announcing, reset("abc"));
  assert.equal(log.announced, 9);
  const back = told(log, message(0), reset("xyz"));
  assert.deepEqual([back.announced, back.log, back.cursor, countOf(back)], [0, "xyz", "xyz.0.t", 0]);
});

test("a stream that begins after what is here is asked for anew from the start, and then believed", () => {
  const trimmed = ready(40);
  const first = reduce(told(EMPTY, ready(), message(0)), [trimmed, message(40)]);
  assert.deepEqual([first.resync, first.log.cursor, countOf(first.log)], [true, "", 0]);
  const log = told(first.log, trimmed, message(40));
  assert.deepEqual([countOf(log), contents(log), log.cursor], [41, ["m40"], "abc.41.t"]);
});

test("another log announced by ready drops what is here", () => {
  const log = told(told(EMPTY, ready(), message(0)), ready(0, "xyz"));
  assert.deepEqual([countOf(log), log.log], [0, "xyz"]);
});

test("deltas grow the draft of the next message, part by part", () => {
  const log = told(EMPTY, ready(), delta(0, 0, "hm", "thinking"), delta(0, 0, "a"), delta(0, 1, "bc"));
  assert.deepEqual([log.draft?.content.text, log.draft?.thinking.text], ["abc", "hm"]);
});

test("offsets count code points", () => {
  const log = told(EMPTY, ready(), delta(0, 0, "\ud83d\ude00\u00e9"), delta(0, 2, "\ud83d\ude80"), delta(0, 3, "x"));
  assert.equal(log.draft?.content.text, "\ud83d\ude00\u00e9\ud83d\ude80x");
});

test("a delta from the start replaces, also with nothing", () => {
  const log = told(EMPTY, ready(), delta(0, 0, "void"), delta(0, 0, "fresh"));
  assert.equal(log.draft?.content.text, "fresh");
  assert.equal(told(log, delta(0, 0, "")).draft?.content.text, "");
});

test("a delta that leaves a gap or overlaps asks for the stream anew", () => {
  const log = told(EMPTY, ready(), delta(0, 0, "abc"));
  assert.equal(reduce(log, [delta(0, 4, "x")]).resync, true);
  assert.equal(reduce(log, [delta(0, 2, "x")]).resync, true);
  assert.equal(reduce(EMPTY, [ready(), delta(0, 7, "x")]).resync, true);
});

test("the message takes over from its draft", () => {
  const log = told(EMPTY, ready(), delta(0, 0, "part"), message(0));
  assert.equal(log.draft, null);
});

test("a late delta of a message that is here is dropped", () => {
  const log = told(EMPTY, ready(), message(0), delta(0, 0, "late"));
  assert.equal(log.draft, null);
});

test("a new connection forgets the draft that the old one told", () => {
  const log = told(told(EMPTY, ready(), delta(0, 0, "old")), ready());
  assert.equal(log.draft, null);
});

test("a draft that nobody writes any more is given up", () => {
  const log = told(EMPTY, ready(), delta(0, 0, "half"), state("ProcessingLLMResponse"));
  assert.equal(log.draft?.content.text, "half");
  assert.equal(told(log, state("WaitingForUserInput")).draft, null);
});

test("a tool's output goes on where it ended, and is replaced by one that does not", () => {
  const log = told(EMPTY, ready(), output(0, "ab"), output(2, "c"));
  assert.equal(log.outputs.get("t")?.text, "abc");
  assert.deepEqual(told(log, output(90, "tail")).outputs.get("t"), { text: "tail", end: 94 });
});

test("only the end of a long output is kept, and it still grows at the right place", () => {
  const long = "x".repeat(OUTPUT_CHARS);
  const log = told(EMPTY, ready(), output(0, long), output(OUTPUT_CHARS, "end"));
  assert.equal(log.outputs.get("t")?.text.length, OUTPUT_CHARS);
  assert.ok(
    told(log, output(OUTPUT_CHARS + 3, "!"))
      .outputs.get("t")
      ?.text.endsWith("end!"),
  );
});

test("the tool's message takes over from its output", () => {
  const log = told(EMPTY, ready(), output(0, "ab"), message(0, { type: "tool", tool_call_id: "t" }));
  assert.equal(log.outputs.size, 0);
});

test("an event of a later server is no misfit", () => {
  told(EMPTY, ready(), made("weather", { sun: true }), message(0));
});

test("code points are counted, also where a pair is broken", () => {
  assert.equal(codePoints(""), 0);
  assert.equal(codePoints("a\ud83d\ude00b"), 3);
  assert.equal(codePoints("\ud83d"), 1);
  assert.equal(codePoints("\ude00\ud83d"), 2);
  assert.equal(codePoints("\ud83d\ud83d\ude00"), 2);
});

test("how long the log is to become is known from the start of the connection", () => {
  const log = told(EMPTY, made("ready", { log: "abc", from: 0, count: 900, heartbeat: 15 }, "abc.0.t"), message(0));
  assert.deepEqual([log.announced, countOf(log)], [900, 1]);
});

test("of a log that grows without end its end is kept, and it goes on where it is", () => {
  let log = told(EMPTY, ready());
  for (let idx = 0; idx < 3 * KEPT_MESSAGES; idx += 512) {
    log = told(log, ...Array.from({ length: 512 }, (_, i) => message(idx + i)));
    assert.ok(log.messages.length <= KEPT_MESSAGES);
    assert.ok(log.messages.length >= Math.min(idx + 512, KEPT_MESSAGES / 2));
    assert.equal(countOf(log), idx + 512);
    assert.equal(log.messages[0]?.idx, log.base);
  }
  assert.equal(log.generation, 0);
  assert.equal(log.cursor, `abc.${3 * KEPT_MESSAGES}.t`);
});

test("of long messages fewer are kept, and the last one always", () => {
  const long = "x".repeat(KEPT_CHARS / 8);
  let log = told(EMPTY, ready(), ...[0, 1, 2, 3, 4, 5, 6].map((idx) => message(idx, { content: long })));
  assert.equal(log.base, 0);
  log = told(log, message(7, { content: long }));
  assert.deepEqual([log.base, countOf(log)], [5, 8]);
  log = told(log, message(8, { content: long.repeat(9) }));
  assert.deepEqual([log.base, countOf(log)], [8, 9]);
});

test("a server that begins near the end of a log is heard from there", () => {
  const begun = told(EMPTY, ready(5), message(5));
  assert.deepEqual([begun.base, countOf(begun)], [5, 6]);
  const anew = told(begun, made("reset", { log: "abc", from: 7 }, "abc.7.t"), message(7));
  assert.deepEqual([anew.base, countOf(anew), anew.generation], [7, 8, 1]);
});

test("what waits is what was told last, and a new connection or another log begins with nothing", () => {
  const prompts = (/** @type {unknown[]} */ ...waiting) => made("prompts", { waiting });
  const one = { idx: 0, when: "next_step" };
  const log = told(EMPTY, ready(), message(0), prompts(one, { idx: 1, when: "after_turn" }), prompts(one));
  assert.deepEqual(log.waiting, [one]);
  assert.deepEqual(told(log, prompts()).waiting, []);
  assert.deepEqual(told(log, ready(1)).waiting, []);
  assert.deepEqual(told(log, made("reset", { log: "other", from: 0 }, "other.0.t")).waiting, []);
});
