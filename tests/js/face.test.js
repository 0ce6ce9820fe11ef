import assert from "node:assert/strict";
import { test } from "node:test";

import { faceOf, GONE_TRIES } from "../../static/js/face.js";

/** @param {Partial<Parameters<typeof faceOf>[0]>} connection */
const told = (connection) => faceOf({ status: "connected", state: "open", attempt: 0, via: "", ...connection }).face;

test("each thing that can be said of a connection has a face of its own", () => {
  assert.equal(told({}), "connected");
  assert.equal(told({ via: "tab" }), "shared");
  assert.equal(told({ status: "connecting", state: "connecting" }), "connecting");
  assert.equal(told({ status: "reconnecting", state: "waiting", attempt: 1 }), "reconnecting");
  assert.equal(told({ status: "reconnecting", state: "open" }), "reconnecting");
  assert.equal(told({ status: "offline", state: "offline" }), "offline");
  assert.equal(told({ status: "unauthorized", state: "unauthorized" }), "unauthorized");
  assert.equal(told({ status: "ended", state: "closed" }), "ended");
  assert.equal(told({ status: "ended", state: "missing" }), "missing");
});

test("a server that has not answered several times is called gone, whether it was there before or not", () => {
  for (const status of /** @type {const} */ (["connecting", "reconnecting"])) {
    assert.notEqual(told({ status, state: "waiting", attempt: GONE_TRIES - 1 }), "gone");
    assert.equal(told({ status, state: "waiting", attempt: GONE_TRIES }), "gone");
  }
});
