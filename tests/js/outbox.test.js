import assert from "node:assert/strict";
import { test } from "node:test";

import { ApiError } from "../../static/js/api.js";
import { NotKept } from "../../static/js/contents.js";
import { newKey, Outbox } from "../../static/js/outbox.js";
import { EMPTY } from "../../static/js/reducer.js";
import { FakeWorld, settled } from "./world.js";

/** @import { Pending } from "../../static/js/outbox.js" */

function fixture() {
  const fake = new FakeWorld();
  /** @type {{ text: string, key: string, answer: (idx: number) => Promise<void>, fail: (error: unknown) => Promise<void> }[]} */
  const posts = [];
  /** @type {{ key: string, done: () => Promise<void>, fail: (error: unknown) => Promise<void> }[]} */
  const withdrawals = [];
  /** @type {{ pending: readonly Pending[] }} */
  const page = { pending: [] };
  let keys = 0;
  /** @type {ConstructorParameters<typeof Outbox>[1]} */
  const hooks = {
    post: ({ text, key }, signal) =>
      new Promise((resolve, reject) => {
        signal.addEventListener("abort", () => reject(signal.reason));
        posts.push({
          text,
          key,
          answer: async (idx) => (resolve({ log: "abc", idx }), settled()),
          fail: async (error) => (reject(error), settled()),
        });
      }),
    withdraw: (key, signal) =>
      new Promise((resolve, reject) => {
        signal.addEventListener("abort", () => reject(signal.reason));
        withdrawals.push({
          key,
          done: async () => (resolve(null), settled()),
          fail: async (error) => (reject(error), settled()),
        });
      }),
    onChange: (pending) => {
      page.pending = pending;
    },
    newKey: () => `key-${++keys}`,
  };
  const outbox = new Outbox(fake.world, hooks);
  const statuses = () => page.pending.map(({ status }) => status);
  return { fake, posts, withdrawals, page, hooks, outbox, statuses };
}

/** @param {string[]} texts */
const logOf = (...texts) => ({
  ...EMPTY,
  log: "abc",
  messages: texts.map((content, idx) => /** @type {any} */ ({ type: "user", content, idx })),
});

test("a message is sent and goes when the stream has brought it", async () => {
  const { posts, outbox, statuses } = fixture();
  outbox.send("hello");
  await posts[0]?.answer(0);
  assert.deepEqual(statuses(), ["accepted"]);
  outbox.settle(logOf(), 0);
  assert.deepEqual(statuses(), ["accepted"]);
  outbox.settle(logOf("hello"), 1);
  assert.deepEqual(statuses(), []);
});

test("a post that is never answered is given up, and tried again under the same key", async () => {
  const { fake, posts, outbox, statuses } = fixture();
  outbox.send("hello");
  await fake.pass(19_000);
  assert.deepEqual([posts.length, statuses()], [1, ["sending"]]);
  await fake.pass(2000);
  assert.deepEqual(
    posts.map(({ key }) => key),
    ["key-1", "key-1"],
  );
  await posts[1]?.answer(0);
  assert.deepEqual(statuses(), ["accepted"]);
  await fake.pass(60_000);
  assert.equal(posts.length, 2);
});

test("a lost answer is asked for again under the same key, further and further apart", async () => {
  const { fake, posts, outbox, statuses } = fixture();
  outbox.send("hello");
  for (const delay of [125, 250, 500]) {
    await posts.at(-1)?.fail(new TypeError("failed to fetch"));
    assert.deepEqual(statuses(), ["waiting"]);
    const count = posts.length;
    await fake.pass(delay - 1);
    assert.equal(posts.length, count);
    await fake.pass(1);
    assert.equal(posts.length, count + 1);
  }
  assert.deepEqual(new Set(posts.map(({ key }) => key)), new Set(["key-1"]));
});

test("messages go one after the other, in the user's order", async () => {
  const { posts, outbox } = fixture();
  outbox.send("one");
  outbox.send("two");
  assert.deepEqual(
    posts.map(({ text }) => text),
    ["one"],
  );
  await posts[0]?.answer(0);
  assert.deepEqual(
    posts.map(({ text, key }) => [text, key]),
    [
      ["one", "key-1"],
      ["two", "key-2"],
    ],
  );
});

test("a refusal is shown with its reason and waits for the user", async () => {
  const { fake, posts, page, outbox, statuses } = fixture();
  outbox.send("hello");
  await posts[0]?.fail(new ApiError(409, "the session has ended"));
  await fake.pass(600_000);
  assert.deepEqual([statuses(), page.pending[0]?.problem, posts.length], [["failed"], "the session has ended", 1]);
  outbox.retry();
  assert.deepEqual([posts.length, posts[1]?.key], [2, "key-1"]);
});

test("a refused message does not hold up the next", async () => {
  const { posts, outbox } = fixture();
  outbox.send("bad");
  outbox.send("good");
  await posts[0]?.fail(new ApiError(422, "no"));
  assert.equal(posts[1]?.text, "good");
});

test("a server that is starting is tried again, not before it asked", async () => {
  const { fake, posts, outbox } = fixture();
  outbox.send("hello");
  await posts[0]?.fail(new ApiError(503, "starting", 3000));
  await fake.pass(2999);
  assert.equal(posts.length, 1);
  await fake.pass(1);
  assert.equal(posts.length, 2);
});

test("one that the stream brings before the answer is hidden, and is let go only by the answer", async () => {
  const { posts, page, outbox } = fixture();
  outbox.send("hello");
  outbox.settle(logOf("hello"), 1);
  assert.equal(page.pending[0]?.echoed, true);
  await posts[0]?.answer(0);
  outbox.settle(logOf("hello"), 0);
  assert.equal(page.pending.length, 0);
});

test("of two equal messages one echo hides one", () => {
  const { page, outbox } = fixture();
  outbox.send("again");
  outbox.send("again");
  outbox.settle(logOf("again"), 1);
  assert.deepEqual(
    page.pending.map(({ echoed }) => echoed),
    [true, false],
  );
  outbox.settle(logOf("again", "again"), 1);
  assert.deepEqual(
    page.pending.map(({ echoed }) => echoed),
    [true, true],
  );
});

test("a sub-agent's task is no echo of a message that reads like it", () => {
  const { page, outbox } = fixture();
  outbox.send("hello");
  const log = logOf("hello");
  outbox.settle({ ...log, messages: log.messages.map((each) => ({ ...each, parent_conversation_id: "root" })) }, 1);
  assert.equal(page.pending[0]?.echoed, false);
});

test("what an earlier visit left is sent under its own key", async () => {
  const { posts, page, outbox } = fixture();
  outbox.send("left behind");
  const left = page.pending;
  const later = fixture();
  later.outbox.resume(left);
  assert.deepEqual([later.posts[0]?.text, later.posts[0]?.key], ["left behind", posts[0]?.key]);
});

test("a message given up is not sent and gives its text back", async () => {
  const { fake, posts, page, outbox } = fixture();
  outbox.send("hello");
  await posts[0]?.fail(new ApiError(422, "no"));
  assert.equal(outbox.discard("key-1")?.text, "hello");
  assert.equal(outbox.discard("key-1"), null);
  await fake.pass(60_000);
  assert.deepEqual([page.pending.length, posts.length], [0, 1]);
});

test("keys differ, and are what the server takes for one", () => {
  const keys = new Set(Array.from({ length: 100 }, newKey));
  assert.equal(keys.size, 100);
  for (const key of keys) assert.match(key, /^[\x21-\x7e]{8,128}$/);
});

test("files, and the wish to be read later, go out with the words they came with", async () => {
  const { posts, page, outbox } = fixture();
  const files = [{ blob: "b", name: "a.png", media_type: "image/png", size: 1 }];
  outbox.send("look", { files, queued: true });
  outbox.send("plain");
  assert.deepEqual([page.pending[0]?.files, page.pending[0]?.queued, page.pending[1]?.files], [files, true, undefined]);
  await posts[0]?.fail(new ApiError(422, "no"));
  assert.deepEqual(outbox.discard("key-1")?.files, files);
});

test("a message of which nobody knows whether it arrived is taken back by its key, and until then may still be said", async () => {
  const { fake, posts, withdrawals, outbox, statuses } = fixture();
  outbox.send("oops");
  await posts[0]?.fail(new TypeError("failed to fetch"));
  assert.equal(outbox.takeBack("key-1")?.text, "oops");
  await settled();
  await withdrawals[0]?.fail(new TypeError("failed to fetch"));
  assert.deepEqual([statuses(), posts.length], [["leaving"], 1]);
  await fake.pass(20_000);
  assert.deepEqual([withdrawals.length, withdrawals[1]?.key, posts.length], [2, "key-1", 1]);
  await withdrawals[1]?.done();
  assert.deepEqual(statuses(), []);
});

test("one that had been read already is asked for again under its key, and stands where it was said", async () => {
  const { posts, withdrawals, page, outbox } = fixture();
  outbox.send("oops");
  await posts[0]?.fail(new TypeError("failed to fetch"));
  outbox.takeBack("key-1");
  await settled();
  await withdrawals[0]?.fail(new ApiError(404, "it does not wait"));
  assert.deepEqual([posts.length, posts[1]?.key], [2, "key-1"]);
  await posts[1]?.answer(0);
  assert.deepEqual([page.pending[0]?.status, page.pending[0]?.idx], ["accepted", 0]);
});

test("what is being taken back holds its place, so that what comes after it stays after it", async () => {
  const { fake, posts, withdrawals, outbox, statuses } = fixture();
  outbox.send("oops");
  outbox.send("next");
  await posts[0]?.fail(new TypeError("failed to fetch"));
  assert.deepEqual(statuses(), ["waiting", "waiting"], "the second cannot go either");
  outbox.takeBack("key-1");
  await settled();
  assert.deepEqual([withdrawals.length, posts.length], [1, 1]);
  await withdrawals[0]?.done();
  await fake.pass(0);
  assert.deepEqual(
    posts.map(({ text }) => text),
    ["oops", "next"],
  );
});

test("what is on its way this moment, or has arrived, is not taken back", async () => {
  const { posts, outbox, statuses } = fixture();
  outbox.send("now");
  assert.equal(outbox.takeBack("key-1"), null);
  await posts[0]?.answer(0);
  assert.equal(outbox.takeBack("key-1"), null);
  assert.deepEqual(statuses(), ["accepted"]);
});

test("without a connection what is out counts as not sent, is tried under its key, and can be taken back", async () => {
  const { fake, posts, withdrawals, page, outbox, statuses } = fixture();
  outbox.send("first");
  outbox.doubt();
  await settled();
  outbox.send("second");
  assert.deepEqual(statuses(), ["waiting", "waiting"]);
  assert.equal(page.pending[1]?.problem, "no answer from the server");
  await fake.pass(5_000);
  assert.deepEqual(posts.map(({ key }) => key), ["key-1", "key-1"], "tried again");
  assert.deepEqual(statuses(), ["waiting", "waiting"], "and nobody has answered yet");
  assert.equal(outbox.takeBack("key-1")?.text, "first");
  await settled();
  assert.deepEqual([withdrawals[0]?.key, posts.length], ["key-1", 2], "a withdrawal is the only thing that is tried, and at once");
  outbox.wake();
  await withdrawals[0]?.done();
  assert.deepEqual([posts[2]?.text, statuses()], ["second", ["sending"]]);
  await posts[2]?.answer(0);
  assert.deepEqual([posts.length, statuses()], [3, ["accepted"]]);
});

test("a connection that is back sends what was in doubt at once, under its key", async () => {
  const { posts, outbox, statuses } = fixture();
  outbox.send("first");
  outbox.doubt();
  await settled();
  outbox.wake();
  await settled();
  assert.deepEqual([posts.map(({ key }) => key), statuses()], [["key-1", "key-1"], ["sending"]]);
});

test("what has come by the stream is not in doubt", async () => {
  const { posts, outbox, statuses } = fixture();
  outbox.send("first");
  outbox.settle(logOf("first"), 1);
  outbox.doubt();
  await settled();
  assert.deepEqual([posts.length, statuses()], [1, ["sending"]]);
});

for (const how of ["answered", "refused"]) {
  test(`what was taken back while it was ${how} is withdrawn all the same`, async () => {
    const { hooks, posts, withdrawals, outbox, statuses } = fixture();
    const { post } = hooks;
    // The answer is on its way already: giving the request up changes nothing.
    hooks.post = (said) => post(said, new AbortController().signal);
    outbox.doubt();
    outbox.send("first");
    outbox.takeBack("key-1");
    if (how === "answered") await posts[0]?.answer(0);
    else await posts[0]?.fail(new ApiError(403, "no"));
    assert.deepEqual([statuses(), withdrawals.length, posts.length], [["leaving"], 1, 1]);
    await withdrawals[0]?.done();
    assert.deepEqual([statuses(), posts.length], [[], 1]);
  });
}

/** An outbox whose files the test brings. */
function gathering() {
  const all = fixture();
  /** @type {{ held: string, signal: AbortSignal, there: () => Promise<void>, fail: (error: unknown) => Promise<void> }[]} */
  const uploads = [];
  const bring = (/** @type {string} */ held, /** @type {AbortSignal} */ signal) =>
    new Promise((/** @type {(brought: any) => void} */ resolve, reject) => {
      signal.addEventListener("abort", () => reject(signal.reason));
      uploads.push({
        held,
        signal,
        there: async () => (resolve({ blob: `blob-${held}`, media_type: "text/plain", size: 1 }), settled()),
        fail: async (error) => (reject(error), settled()),
      });
    });
  all.hooks.bring = bring;
  const file = (/** @type {string} */ held) => ({ blob: "", name: `${held}.txt`, media_type: "", size: 1, held });
  return { ...all, uploads, file };
}

test("a message waits for its files, each brought once, and goes before what was written later", async () => {
  const { posts, uploads, page, outbox, statuses, file } = gathering();
  outbox.send("look", { files: [file("a"), file("b")] });
  outbox.send("later");
  assert.deepEqual([statuses(), posts.length], [["gathering", "sending"], 0]);
  await uploads[0]?.there();
  assert.deepEqual([uploads.map(({ held }) => held), posts.length], [["a", "b"], 0]);
  await uploads[1]?.there();
  assert.deepEqual([statuses(), posts.map(({ text }) => text)], [["sending", "sending"], ["look"]]);
  assert.deepEqual(
    page.pending[0]?.files?.map(({ blob, name, held }) => [blob, name, held]),
    [
      ["blob-a", "a.txt", undefined],
      ["blob-b", "b.txt", undefined],
    ],
  );
  await posts[0]?.answer(0);
  assert.deepEqual([posts.map(({ text }) => text), uploads.length], [["look", "later"], 2]);
});

test("without a connection its files are tried again, and at once when there is one", async () => {
  const { fake, posts, uploads, outbox, statuses, page, file } = gathering();
  outbox.send("look", { files: [file("a"), file("b")] });
  outbox.send("later");
  await uploads[0]?.there();
  for (const at of [1, 2, 3]) {
    await uploads[at]?.fail(new TypeError("failed to fetch"));
    assert.deepEqual([statuses(), page.pending[0]?.problem], [["gathering", "waiting"], "no answer from the server"]);
    if (at < 3) await fake.pass(1000);
  }
  outbox.wake();
  assert.deepEqual(uploads.map(({ held }) => held), ["a", "b", "b", "b", "b"]);
  await uploads[4]?.there();
  await posts[0]?.answer(0);
  await posts[1]?.answer(1);
  assert.deepEqual(posts.map(({ text, key }) => [text, key]), [["look", "key-1"], ["later", "key-2"]]);
  await fake.pass(600_000);
  assert.deepEqual([posts.length, uploads.length], [2, 5]);
});

test("an upload that is never answered is given up, a large one later", async () => {
  const { fake, uploads, outbox, file } = gathering();
  outbox.send("look", { files: [{ ...file("a"), size: 3_200_000 }] });
  await fake.pass(100_000);
  assert.equal(uploads[0]?.signal.aborted, false);
  await fake.pass(25_000);
  assert.deepEqual([uploads[0]?.signal.aborted, uploads.length > 1], [true, true]);
});

test("one that waits for its files was never posted: taken back, it is gone at once, and its upload with it", async () => {
  const { posts, withdrawals, uploads, outbox, statuses, file } = gathering();
  outbox.send("look", { files: [file("a")] });
  outbox.send("later");
  assert.deepEqual(outbox.takeBack("key-1")?.files, [file("a")]);
  await settled();
  assert.equal(uploads[0]?.signal.aborted, true);
  assert.deepEqual([posts.map(({ text }) => text), withdrawals.length, statuses()], [["later"], 0, ["sending"]]);
});

test("a file that is refused, or was not kept, fails its message for good, with the reason", async () => {
  const { posts, uploads, outbox, statuses, page, file } = gathering();
  outbox.send("one", { files: [file("a")] });
  outbox.send("two", { files: [file("b")] });
  outbox.send("three");
  await uploads[0]?.fail(new ApiError(413, "too much"));
  await uploads[1]?.fail(new NotKept());
  assert.deepEqual([statuses(), posts.map(({ text }) => text)], [["failed", "failed", "sending"], ["three"]]);
  assert.match(page.pending[0]?.problem ?? "", /a\.txt: too much/);
  assert.match(page.pending[1]?.problem ?? "", /b\.txt was not kept/);
  outbox.retry();
  assert.deepEqual([statuses().slice(0, 2), uploads.length], [["failed", "failed"], 2]);
});

test("what waited for its files at an earlier visit brings those that are not there, and no other", async () => {
  const { posts, uploads, page, outbox, file } = gathering();
  outbox.send("look", { files: [file("a"), file("b")] });
  await uploads[0]?.there();
  const later = gathering();
  later.outbox.resume(JSON.parse(JSON.stringify(page.pending)));
  assert.deepEqual(later.uploads.map(({ held }) => held), ["b"]);
  await later.uploads[0]?.there();
  assert.deepEqual([later.posts[0]?.key, posts.length], ["key-1", 0]);
});

test("a message that is too long is told so, and is not tried again", async () => {
  const { posts, page, outbox, statuses } = fixture();
  outbox.send("long");
  await posts[0]?.fail(new ApiError(413, "The data value transmitted exceeds the capacity limit."));
  assert.equal(page.pending[0]?.problem, "the message is too long; it may have 1 MB");
  outbox.retry();
  assert.deepEqual([statuses(), posts.length], [["failed"], 1]);
});
