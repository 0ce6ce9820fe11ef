import assert from "node:assert/strict";
import { test } from "node:test";

import { ApiError } from "../../static/js/api.js";
import { Store } from "../../static/js/store.js";
import { TaskFeed } from "../../static/js/task-feed.js";

/** @import { StreamEvent } from "../../static/js/wire.js" */

/** @param {number} now_s @param {number[]} ids @returns {StreamEvent} */
const event = (now_s, ...ids) => ({
  event: "tasks",
  data: JSON.stringify({ now_s, tasks: ids.map((id) => ({ id, kind: "job", since_s: 0 })) }),
  id: "",
});
/** @param {number} now_s @param {number[]} ids */
const told = (now_s, ...ids) => JSON.parse(event(now_s, ...ids).data);

const nobody = () => Promise.reject(new TypeError("offline"));
const connection = { ...{ attempt: 0, dueAt: 0, heartbeatAt: 0, reason: "" }, status: "connected", state: "open", via: "own" };

/** @param {Partial<ConstructorParameters<typeof TaskFeed>[0]>} api */
function made(api) {
  const store = new Store(/** @type {import("../../static/js/stream.js").Connection} */ (connection), () => undefined);
  const feed = new TaskFeed({ tasks: nobody, cancelTask: nobody, ...api }, () => store, () => 0);
  const ids = () => store.snapshot.tasks?.tasks.map(({ id }) => id) ?? null;
  return { feed, ids };
}

test("a tab that follows another one asks, and knows what runs", async () => {
  const { feed, ids } = made({ tasks: async () => told(5, 1, 2) });
  assert.equal(ids(), null);
  await feed.ask();
  assert.deepEqual(ids(), [1, 2]);
});

test("an answer that is older than what the stream brought meanwhile is not taken", async () => {
  const { feed, ids } = made({
    tasks: async () => {
      feed.take([event(6, 3)]);
      return told(5, 1, 2);
    },
  });
  await feed.ask();
  assert.deepEqual(ids(), [3]);
});

test("where nobody answers nothing is made up", async () => {
  const { feed, ids } = made({});
  await feed.ask();
  assert.equal(ids(), null);
});

test("what has ended by itself is stopped well enough, and a refusal is told", async () => {
  /** @type {string[]} */
  const problems = [];
  for (const error of [null, new ApiError(404, "no such task"), new ApiError(409, "a replay"), new TypeError("offline")]) {
    const { feed } = made({ cancelTask: () => (error ? Promise.reject(error) : Promise.resolve()) });
    await feed.stop(1, (problem) => void problems.push(problem));
  }
  assert.deepEqual(problems, ["", "", "a replay", "The server does not answer."]);
});
