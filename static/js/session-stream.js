/**
 * The page's stream, in a real browser: its clock, its network, its tabs, and the moments of a page's life.
 *
 * @import { Api } from "./api.js"
 * @import { Hooks } from "./shared-stream.js"
 * @import { World } from "./stream.js"
 * @import { Tabs } from "./tabs.js"
 */

import { TOKEN_KEY } from "./api.js";
import { sleepAwareClock } from "./clock.js";
import { TOLD_MESSAGES } from "./excerpt.js";
import { SharedStream } from "./shared-stream.js";
import { StreamSlots } from "./slots.js";
import { HEARTBEAT_S } from "./stream.js";

/** @returns {World} */
export function browserWorld() {
  return {
    fetch: (url, init) => fetch(url, init),
    now: sleepAwareClock(
      () => performance.now(),
      () => Date.now(),
    ),
    setTimer: (run, ms) => setTimeout(run, ms),
    clearTimer: (timer) => clearTimeout(timer),
    random: Math.random,
  };
}

/**
 * Not started yet. It hears of the page's life by itself.
 * @param {World} world
 * @param {Tabs | null} tabs
 * @param {Api} api
 * @param {Pick<Hooks, "log" | "onEvents" | "onExcerpt" | "onChange" | "roster" | "onRoster">} hooks
 */
export function openSessionStream(world, tabs, api, hooks) {
  // Two servers behind one proxy have one origin, and are told apart by their path.
  const server = `trio-agent ${api.rootUrl(".")}`;
  const rank = () => (document.hidden ? 0 : document.hasFocus() ? 2 : 1);
  const stream = new SharedStream(world, tabs, tabs && new StreamSlots(tabs, server, rank), {
    ...hooks,
    request: () => {
      const asked = { sessions: "true", prompts: "true", tasks: "true", pulse: "true" };
      const query = new URLSearchParams({ heartbeat: String(HEARTBEAT_S), last: String(TOLD_MESSAGES), ...asked });
      const { cursor } = hooks.log();
      if (cursor) query.set("cursor", cursor);
      return { url: `${api.url("stream")}?${query}`, headers: { ...api.headers(), Accept: "text/event-stream" } };
    },
    // Who has another token may be refused where others are not.
    group: () => (api.sessionId ? `${server} ${api.sessionId} ${digest(api.token)}` : ""),
    hidden: () => document.hidden,
    wallMs: () => Date.now(),
  });
  document.addEventListener("visibilitychange", () => stream.visibility());
  // Chromium freezes hidden pages; a frozen leader would leave the others without news.
  document.addEventListener("freeze", () => stream.leave());
  document.addEventListener("resume", () => stream.back());
  addEventListener("pagehide", () => stream.leave());
  addEventListener("pageshow", () => stream.back());
  addEventListener("online", () => stream.online());
  addEventListener("offline", () => stream.offline());
  addEventListener("storage", ({ key, newValue }) => {
    // Another tab was given a token, and this one may have been waiting for it.
    if (key !== TOKEN_KEY || !newValue || newValue === api.token || stream.connection.status !== "unauthorized") return;
    api.token = newValue;
    stream.start();
  });
  return stream;
}

/** Enough to tell tokens apart, not to find one: names of locks are seen by whoever debugs. FNV-1a. @param {string} text */
function digest(text) {
  let hash = 0x811c9dc5;
  for (const character of text) hash = Math.imul(hash ^ character.charCodeAt(0), 0x01000193);
  return (hash >>> 0).toString(16);
}
