import assert from "node:assert/strict";
import { test } from "node:test";

import { Address, messageOf, sessionOf, takeToken } from "../../static/js/address.js";

/** @param {string} hash @param {string} kept */
function tokenPage(hash, kept = "") {
  const store = new Map([["trio-agent.token", kept]]);
  const page = { shown: "" };
  const location = /** @type {any} */ ({ hash, pathname: "/sub/", search: "?a" });
  const history = /** @type {any} */ ({
    state: null,
    replaceState: (/** @type {null} */ _state, /** @type {string} */ _title, /** @type {string} */ url) =>
      void (page.shown = url),
  });
  const token = takeToken(location, history, {
    recall: (key) => store.get(key) ?? null,
    keep: (key, value) => void store.set(key, value ?? ""),
  });
  return { token, kept: store.get("trio-agent.token"), shown: page.shown };
}

test("the token of the fragment is kept and leaves the address bar", () => {
  assert.deepEqual(tokenPage("#token=new", "old"), { token: "new", kept: "new", shown: "/sub/?a" });
});

test("without a fragment the kept token serves and the address stays", () => {
  assert.deepEqual(tokenPage("", "old"), { token: "old", kept: "old", shown: "" });
  assert.deepEqual(tokenPage("#token=", "old"), { token: "old", kept: "old", shown: "" });
});

test("the session is named by the end of the path, whatever the prefix", () => {
  const told = ["/", "/sessions/ab/", "/proxy/8000/sessions/ab/", "/sessions/a%20b/", "/sessions/ab"].map(sessionOf);
  assert.deepEqual(told, ["", "ab", "ab", "a b", ""]);
});

test("an address may lead to a message", () => {
  assert.equal(messageOf("#message-12"), 12);
  for (const hash of ["", "#message-", "#message-1x", "#message--1", "#token=message-1", `#message-${"9".repeat(16)}`]) {
    assert.equal(messageOf(hash), -1);
  }
});

test("a link over the page that is here brings its token, or leads to its message", () => {
  const shown = { url: "" };
  const location = /** @type {any} */ ({ hash: "#message-3", pathname: "/", search: "" });
  const replaceState = (/** @type {unknown} */ _state, /** @type {string} */ _title, /** @type {string} */ url) => {
    shown.url = url;
  };
  /** @type {string[]} */
  const told = [];
  const address = new Address(location, /** @type {any} */ ({ state: null, replaceState }), {
    onToken: (token) => told.push(token),
    onMessage: () => told.push(`message ${address.wanted}`),
  });
  assert.equal(address.wanted, 3);
  location.hash = "#token=secret";
  address.changed();
  assert.equal(shown.url, "/");
  location.hash = "#message-5";
  address.changed();
  location.hash = "";
  address.changed();
  assert.deepEqual(told, ["secret", "message 5", "message -1"]);
});

test("a page at the root goes to its session's own address, and keeps what else stands in its own", () => {
  const location = /** @type {any} */ ({ hash: "#message-3", pathname: "/sub/", search: "?a" });
  /** @type {unknown[]} */
  const shown = [];
  const history = /** @type {any} */ ({ state: 7, replaceState: (/** @type {unknown[]} */ ...told) => shown.push(told) });
  new Address(location, history, { onToken: assert.fail, onMessage: assert.fail }).settle("http://host/sub/sessions/ab/");
  assert.deepEqual(shown, [[7, "", "http://host/sub/sessions/ab/?a#message-3"]]);
});

test("a link to where the page is already leads there once more", () => {
  const location = /** @type {any} */ ({ href: "http://host/#message-3", hash: "#message-3", pathname: "/", search: "" });
  let led = 0;
  const address = new Address(location, /** @type {any} */ ({}), { onToken: assert.fail, onMessage: () => (led += 1) });
  address.followed("http://host/#message-3");
  address.leadTo(3);
  assert.equal(led, 2);
  // Of another the browser itself tells.
  address.followed("http://host/#message-4");
  address.leadTo(5);
  assert.deepEqual([led, location.hash], [2, "#message-5"]);
});
