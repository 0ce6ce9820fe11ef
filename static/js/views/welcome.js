/** What an empty session shows. @import { Snapshot } from "../store.js" */

import { el, icon } from "../dom.js";

/** The demo model's own tricks: see the README. */
const DEMO = [
  { prompt: "Show me around", says: "reads a file, writes one, runs a command and commits" },
  { prompt: "stream 120 30", says: "an answer that arrives word by word" },
  { prompt: "bash git log --oneline -5", says: "a command in the session's own clone" },
  { prompt: "slow 20", says: "a long command; stop it, or reload the page" },
];

const REAL = [
  { prompt: "Explain how this project is organised, and where to start reading.", says: "get your bearings" },
  { prompt: "Run the tests. If something fails, find out why and fix it.", says: "find and fix" },
  { prompt: "Find the least tested part of this code and add tests for it.", says: "make it safer" },
];

/** A long log on its way. @param {HTMLElement} slot @param {number} shown @param {number} count */
export function loading(slot, shown, count) {
  slot.dataset.shows = "loading a log";
  slot.replaceChildren(
    el("p", {
      class: "quiet loading",
      text: `Loading ${shown.toLocaleString()} of ${count.toLocaleString()} messages…`,
    }),
  );
}

/** @param {HTMLElement} slot @param {Snapshot} snapshot @param {(prompt: string) => void} suggest */
export function welcome(slot, { log, connection }, suggest) {
  const missing = connection.state === "missing";
  const key = missing ? "missing" : log.state ? `ready ${log.state.model}` : "loading";
  if (slot.dataset.shows === key) return;
  slot.dataset.shows = key;
  if (missing) {
    const words = [
      el("h2", { text: "There is no such session" }),
      el("p", {}, "It may have been deleted. ", el("a", { href: "./", text: "Go to the newest one" }), "."),
    ];
    slot.replaceChildren(
      el("div", { class: "welcome" }, el("div", { class: "welcome-mark" }, icon("net-ended")), ...words),
    );
    return;
  }
  if (!log.state) {
    slot.replaceChildren(el("div", { class: "skeleton", "aria-label": "Loading" }, el("i"), el("i"), el("i")));
    return;
  }
  const demo = log.state.model === "demo";
  const prompts = (demo ? DEMO : REAL).map(({ prompt, says }) =>
    el(
      "button",
      { class: "prompt", type: "button", onClick: () => suggest(prompt) },
      el("span", { class: "prompt-text", text: prompt }),
      el("span", { class: "prompt-says", text: says }),
    ),
  );
  const intro = demo
    ? "This is the demo model: it needs no key and no network, and works with the real tools on a clone of your repository."
    : "The agent works in a clone of your repository. Its commits arrive on a branch of their own; your checkout stays as it is.";
  slot.replaceChildren(
    el(
      "div",
      { class: "welcome" },
      el("div", { class: "welcome-mark" }, icon("brand")),
      el("h2", { text: "What shall we change?" }),
      el("p", { text: intro }),
      el("div", { class: "prompts" }, ...prompts),
    ),
  );
}
