/** What an empty session shows. @import { Snapshot } from "../store.js" */

import { el, icon } from "../dom.js";
import { number } from "../format.js";
import { t } from "../words.js";

/** The demo model's own tricks: see the README. */
const demo = () => [
  { prompt: t("Show me around"), says: t("reads a file, writes one, runs a command and commits") },
  { prompt: "stream 120 30", says: t("an answer that arrives word by word") },
  { prompt: "bash git log --oneline -5", says: t("a command in the session's own clone") },
  { prompt: "slow 20", says: t("a long command; stop it, or reload the page") },
];

const real = () => [
  { prompt: t("Explain how this project is organised, and where to start reading."), says: t("get your bearings") },
  { prompt: t("Run the tests. If something fails, find out why and fix it."), says: t("find and fix") },
  { prompt: t("Find the least tested part of this code and add tests for it."), says: t("make it safer") },
];

/** A long log on its way. @param {HTMLElement} slot @param {number} shown @param {number} count */
export function loading(slot, shown, count) {
  slot.dataset.shows = "loading a log";
  slot.replaceChildren(
    el("p", {
      class: "quiet loading",
      text: t("Loading {shown} of {count} messages…", { shown: number(shown), count: number(count) }),
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
      el("h2", { text: t("There is no such session") }),
      el("p", {}, t("It may have been deleted."), " ", el("a", { href: "./", text: t("Go to the newest one") })),
    ];
    slot.replaceChildren(
      el("div", { class: "welcome" }, el("div", { class: "welcome-mark" }, icon("net-ended")), ...words),
    );
    return;
  }
  if (!log.state) {
    slot.replaceChildren(el("div", { class: "skeleton", role: "img", "aria-label": t("Loading") }, el("i"), el("i"), el("i")));
    return;
  }
  const isDemo = log.state.model === "demo";
  const prompts = (isDemo ? demo() : real()).map(({ prompt, says }) =>
    el(
      "button",
      { class: "prompt", type: "button", onClick: () => suggest(prompt) },
      el("span", { class: "prompt-text", text: prompt }),
      el("span", { class: "prompt-says", text: says }),
    ),
  );
  const intro = isDemo
    ? t("This is the demo model: it needs no key and no network, and works with the real tools on a clone of your repository.")
    : t("The agent works in a clone of your repository. Its commits arrive on a branch of their own; your checkout stays as it is.");
  slot.replaceChildren(
    el(
      "div",
      { class: "welcome" },
      el("div", { class: "welcome-mark" }, icon("brand")),
      el("h2", { text: t("What shall we change?") }),
      el("p", { text: intro }),
      el("div", { class: "prompts" }, ...prompts),
    ),
  );
}
