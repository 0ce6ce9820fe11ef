import assert from "node:assert/strict";
import { test } from "node:test";

import { Contents, NotKept } from "../../static/js/contents.js";
import { settled } from "./world.js";

/** @param {Map<string, Blob>} shelved */
function visit(shelved = new Map()) {
  /** @type {{ file: Blob, signal: AbortSignal, answer: (blob: string) => Promise<void>, fail: () => Promise<void> }[]} */
  const uploads = [];
  const contents = new Contents(
    (file, signal) =>
      new Promise((resolve, reject) => {
        signal.addEventListener("abort", () => reject(signal.reason));
        uploads.push({
          file,
          signal,
          answer: async (blob) => (resolve({ blob, media_type: "text/plain", size: file.size }), settled()),
          fail: async () => (reject(new TypeError("failed to fetch")), settled()),
        });
      }),
    {
      shelve: async (id, file) => shelved.set(id, file),
      unshelved: async (id) => shelved.get(id) ?? null,
      unshelve: async (id) => shelved.delete(id),
    },
  );
  return { contents, uploads, shelved };
}

const NEVER = new AbortController().signal;

test("who asks while a file is on its way, or after, has it brought no second time", async () => {
  const { contents, uploads } = visit();
  contents.hold("a", new Blob(["one"]));
  const first = contents.bring("a", NEVER);
  const second = contents.bring("a", NEVER);
  await settled();
  await uploads[0]?.answer("blob");
  assert.deepEqual([(await first).blob, (await second).blob, (await contents.bring("a", NEVER)).blob], ["blob", "blob", "blob"]);
  assert.equal(uploads.length, 1);
});

test("what had no answer is brought again when it is asked for again", async () => {
  const { contents, uploads } = visit();
  contents.hold("a", new Blob(["one"]));
  const first = contents.bring("a", NEVER);
  await settled();
  await uploads[0]?.fail();
  await assert.rejects(first, TypeError);
  const second = contents.bring("a", NEVER);
  await settled();
  await uploads[1]?.answer("blob");
  assert.equal((await second).blob, "blob");
});

test("a later visit brings what was shelved, and then it is off the shelf", async () => {
  const { contents, shelved } = visit();
  contents.hold("a", new Blob(["one"]));
  contents.keep("a");
  const later = visit(shelved);
  const brought = later.contents.bring("a", NEVER);
  await settled();
  assert.equal(await later.uploads[0]?.file.text(), "one");
  await later.uploads[0]?.answer("blob");
  await brought;
  assert.equal(shelved.size, 0);
});

test("what nobody kept is told to be gone", async () => {
  await assert.rejects(visit().contents.bring("a", NEVER), NotKept);
});

test("who gives up stops the upload, and what is dropped is nowhere", async () => {
  const { contents, uploads, shelved } = visit();
  contents.hold("a", new Blob(["one"]));
  contents.keep("a");
  const request = new AbortController();
  const brought = contents.bring("a", request.signal);
  await settled();
  request.abort();
  await assert.rejects(brought);
  assert.equal(uploads[0]?.signal.aborted, true);
  contents.drop("a");
  assert.deepEqual([await contents.get("a"), shelved.size], [null, 0]);
});
