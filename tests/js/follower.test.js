import assert from "node:assert/strict";
import { test } from "node:test";

import { ASK_HIDDEN_MS, ASK_MS, DOUBT_MS, Follower, JOIN_MS, PATIENCE_MS } from "../../static/js/follower.js";
import { EMPTY } from "../../static/js/reducer.js";
import { nextTerm } from "../../static/js/relay.js";
import { FakeWorld } from "./world.js";

/** @import { Call, News, Word } from "../../static/js/relay.js" */

/** @type {News} */
const NEWS = { status: "connected", state: "open", attempt: 0, dueIn: 0, heartbeatAge: 0, reason: "", hidden: false };
const EXCERPT = { ...EMPTY, from: 0, anew: false };

function fixture({ hidden = false, known = "" } = {}) {
  const fake = new FakeWorld();
  /** @type {Call[]} */
  const posts = [];
  /** @type {string[]} */
  const taken = [];
  /** @type {(News | null)[]} */
  const news = [];
  const page = { hidden, fits: true, takes: 0 };
  let ids = 0;
  const follower = new Follower(fake.world, known, {
    post: (call) => void posts.push(call),
    newId: () => `id${(ids += 1)}`,
    log: () => EMPTY,
    hidden: () => page.hidden,
    onEvents: (events) => {
      taken.push(...events.map(({ data }) => data));
      return page.fits;
    },
    onExcerpt: () => page.fits,
    onNews: (each) => void news.push(each),
    take: () => void (page.takes += 1),
  });
  /** The nonce of the last hello. */
  const nonce = () => {
    const hello = posts.findLast((call) => call.kind === "hello");
    return hello?.kind === "hello" ? hello.nonce : "";
  };
  const hellos = () => posts.filter(({ kind }) => kind === "hello").length;
  return { fake, follower, posts, taken, news, page, nonce, hellos };
}

/** @param {string} term @param {number} seq @param {string} data @returns {Word} */
const batch = (term, seq, data) => ({ kind: "events", term, seq, events: [{ event: "message", data, id: "" }] });
/** @param {string} term @param {string} to @param {number} seq @returns {Word} */
const welcome = (term, to, seq) => ({ kind: "welcome", term, to, seq, excerpt: EXCERPT });

function joined(options = {}) {
  const made = fixture(options);
  made.follower.hear({ kind: "lead", term: "1", news: NEWS });
  made.follower.hear(welcome("1", made.nonce(), 7));
  return made;
}

test("between hello and welcome no batch is taken, and afterwards each once from the next on", () => {
  const { follower, taken, nonce } = fixture();
  follower.hear(batch("1", 6, "early"));
  follower.hear(batch("1", 7, "early too"));
  follower.hear(welcome("1", nonce(), 7));
  follower.hear(batch("1", 8, "a"));
  follower.hear(batch("1", 9, "b"));
  assert.deepEqual(taken, ["a", "b"]);
});

test("a number that is not the next makes it say hello again, and take nothing until it is welcome", () => {
  const { follower, taken, nonce, hellos } = joined();
  follower.hear(batch("1", 9, "too far"));
  assert.equal(hellos(), 3);
  follower.hear(batch("1", 10, "later"));
  follower.hear(welcome("1", nonce(), 10));
  follower.hear(batch("1", 11, "c"));
  assert.deepEqual(taken, ["c"]);
});

test("a batch that does not fit makes it say hello again, and a welcome that does not, after a while", async () => {
  const { fake, follower, page, hellos, nonce, taken } = joined();
  page.fits = false;
  follower.hear(batch("1", 8, "misfit"));
  assert.equal(hellos(), 3);
  follower.hear(welcome("1", nonce(), 8));
  follower.hear(batch("1", 9, "not yet"));
  assert.deepEqual([hellos(), taken], [3, ["misfit"]]);
  await fake.pass(JOIN_MS);
  assert.equal(hellos(), 4);
});

test("a welcome for an older hello, or for another tab, is none", () => {
  const { follower, taken, nonce } = fixture();
  const old = nonce();
  follower.hear({ kind: "lead", term: "1", news: NEWS });
  follower.hear(welcome("1", old, 7));
  follower.hear(welcome("1", "another's", 7));
  follower.hear(batch("1", 8, "not yet"));
  assert.deepEqual(taken, []);
});

test("an old leader is not heard once there is a new one", () => {
  const { follower, taken, news, nonce, hellos } = joined();
  follower.hear({ kind: "status", term: "2", news: NEWS });
  assert.equal(hellos(), 3);
  follower.hear(welcome("2", nonce(), 0));
  const heard = news.length;
  follower.hear(batch("1", 8, "old"));
  follower.hear(batch("1", 1, "old"));
  follower.hear({ kind: "status", term: "1", news: NEWS });
  assert.deepEqual([taken, news.length], [[], heard]);
});

test("a new leader whose first word is a batch or a welcome is joined too", () => {
  const first = joined();
  first.follower.hear(batch("2", 1, "unknown"));
  assert.deepEqual([first.hellos(), first.taken], [3, []]);
  const second = fixture();
  second.follower.hear(welcome("2", second.nonce(), 3));
  second.follower.hear(batch("2", 4, "d"));
  assert.deepEqual(second.taken, ["d"]);
});

test("a welcome that does not come is insisted on", async () => {
  const { fake, follower, posts } = fixture();
  follower.hear({ kind: "lead", term: "1", news: NEWS });
  for (let i = 0; i < 3; i++) {
    await fake.pass(JOIN_MS / 3);
    follower.hear({ kind: "status", term: "1", news: NEWS });
  }
  const last = posts.findLast(({ kind }) => kind === "hello");
  assert.equal(last?.kind === "hello" && last.insist, true);
});

test("a silent leader is asked, doubted and replaced; any word of it ends that", async () => {
  const { fake, follower, posts, news, page } = joined();
  await fake.pass(ASK_MS);
  assert.equal(posts.at(-1)?.kind, "ask");
  await fake.pass(DOUBT_MS);
  assert.equal(news.at(-1), null);
  follower.hear(batch("1", 8, "alive"));
  await fake.pass(ASK_MS + PATIENCE_MS - 1);
  assert.equal(page.takes, 0);
  await fake.pass(1);
  assert.equal(page.takes, 1);
});

test("an old leader's word is no sign of life of the new one", async () => {
  const { fake, follower, page } = joined();
  follower.hear({ kind: "lead", term: "2", news: NEWS });
  for (let i = 0; i < 10; i++) {
    await fake.pass(500);
    follower.hear({ kind: "status", term: "1", news: NEWS });
  }
  assert.equal(page.takes, 1);
});

test("a hidden tab asks seldom, and at once when it is seen", async () => {
  const { fake, follower, posts, page } = joined({ hidden: true });
  await fake.pass(ASK_HIDDEN_MS - 1);
  assert.equal(posts.at(-1)?.kind, "hello");
  page.hidden = false;
  follower.wake();
  assert.equal(posts.at(-1)?.kind, "ask");
});

test("a tab that is seen takes the lead from one that is hidden, one that is hidden does not", async () => {
  for (const hidden of [false, true]) {
    const { fake, follower, page } = joined({ hidden });
    follower.hear({ kind: "status", term: "1", news: { ...NEWS, hidden: true } });
    await fake.pass(100);
    assert.equal(page.takes, hidden ? 0 : 1);
    page.hidden = false;
    follower.wake();
    assert.equal(page.takes, hidden ? 1 : 2, "no longer seen to be hidden");
  }
});

test("where another took the lead first, it is left to them", async () => {
  const { fake, follower, page } = joined();
  fake.luck = 0.9;
  follower.hear({ kind: "status", term: "1", news: { ...NEWS, hidden: true } });
  await fake.pass(50);
  follower.hear({ kind: "lead", term: "2", news: NEWS });
  await fake.pass(100);
  assert.equal(page.takes, 0);
});

test("who stops has no timer left", () => {
  const { fake, follower } = fixture();
  follower.stop();
  assert.equal(fake.timers, 0);
});

test("terms grow, also where the clock was set back, and two of one moment differ", () => {
  const first = nextTerm("", 1_700_000_000_000, "a");
  assert.ok(nextTerm(first, 1_700_000_000_001, "a") > first);
  assert.ok(nextTerm(first, 5, "a") > first);
  assert.ok(nextTerm(first, 9_700_000_000_000, "a") > first);
  assert.notEqual(nextTerm("", 7, "a"), nextTerm("", 7, "b"));
});
