import assert from "node:assert/strict";
import { test } from "node:test";

import { EMPTY } from "../../static/js/reducer.js";
import { Relay } from "../../static/js/relay.js";

/** @import { Log } from "../../static/js/reducer.js" */
/** @import { Call, News, Word } from "../../static/js/relay.js" */

/** @type {News} */
const NEWS = { status: "connected", state: "open", attempt: 0, dueIn: 0, heartbeatAge: 0, reason: "", hidden: false };
const LOG = { ...EMPTY, log: "abc", cursor: "abc.0.0" };

/** @param {{ log: Log, news: News }} page */
function relayOf(page) {
  /** @type {Word[]} */
  const words = [];
  const relay = new Relay("7", { post: (word) => void words.push(word), log: () => page.log, news: () => page.news });
  return { relay, words, welcomes: () => words.filter(({ kind }) => kind === "welcome") };
}

/** @param {string} nonce @param {string} cursor @param {string} from @returns {Call} */
const hello = (nonce, cursor = "", from = "tab") => ({ kind: "hello", from, nonce, cursor, insist: false, known: "" });

test("a term begins with a word of its own", () => {
  assert.deepEqual(relayOf({ log: LOG, news: NEWS }).words, [{ kind: "lead", term: "7", news: NEWS }]);
});

test("batches are numbered one by one, and a welcome says up to which it goes", () => {
  const { relay, words, welcomes } = relayOf({ log: LOG, news: NEWS });
  relay.send([]);
  relay.send([]);
  assert.deepEqual(words.map((word) => (word.kind === "events" ? word.seq : word.kind)), ["lead", 1, 2]);
  relay.hear(hello("n"));
  const [told] = welcomes();
  assert.deepEqual(told?.kind === "welcome" && [told.to, told.seq, told.term], ["n", 2, "7"]);
});

test("every call is answered by how the connection is", () => {
  const { relay, words } = relayOf({ log: EMPTY, news: NEWS });
  for (const call of /** @type {Call[]} */ ([hello("n"), { kind: "ask", known: "" }, { kind: "retry", known: "" }])) {
    relay.hear(call);
    assert.deepEqual(words.at(-1), { kind: "status", term: "7", news: NEWS });
  }
});

test("a welcome that cannot be given yet is given with the batch or the news that makes it possible, once", () => {
  const page = { log: EMPTY, news: NEWS };
  const { relay, welcomes } = relayOf(page);
  relay.hear(hello("n"));
  assert.equal(welcomes().length, 0);
  page.log = LOG;
  relay.send([]);
  relay.send([]);
  assert.equal(welcomes().length, 1);
  /** @type {{ log: Log, news: News }} */
  const away = { log: LOG, news: { ...NEWS, status: "reconnecting" } };
  const second = relayOf(away);
  second.relay.hear(hello("m", "other.3.t"));
  assert.equal(second.welcomes().length, 0);
  away.news = NEWS;
  second.relay.tell();
  assert.equal(second.welcomes().length, 1);
});

test("while our own log is not all there we do not say that another's is wrong", () => {
  const page = { log: { ...LOG, announced: 5 }, news: NEWS };
  const { relay, welcomes } = relayOf(page);
  relay.hear(hello("n", "abc.3.t"));
  assert.equal(welcomes().length, 0);
});

test("only the last hello of a tab is answered, and each tab is", () => {
  const page = { log: EMPTY, news: NEWS };
  const { relay, welcomes } = relayOf(page);
  relay.hear(hello("old", "", "one"));
  relay.hear(hello("new", "", "one"));
  relay.hear(hello("other", "", "two"));
  page.log = LOG;
  relay.tell();
  assert.deepEqual(welcomes().map((word) => word.kind === "welcome" && word.to), ["new", "other"]);
});
