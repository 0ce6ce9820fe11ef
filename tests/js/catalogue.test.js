import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { test } from "node:test";

import german from "../../static/js/words/de.js";
import { literalsOf } from "./literals.js";

const STATIC = new URL("../../static/", import.meta.url);
const MODULES = readdirSync(new URL("js/", STATIC), { recursive: true, encoding: "utf8" })
  .filter((name) => name.endsWith(".js") && !name.startsWith("words/"))
  .map((name) => ({ name, literals: literalsOf(readFileSync(new URL(`js/${name}`, STATIC), "utf8")) }));
const PAGE = readFileSync(new URL("index.html", STATIC), "utf8");

/** Read like words, and are none: what programs call things, and what is told to developers. */
const NO_WORDS = [
  /^(Arrow(Down|Up|Left|Right)|Enter|Escape|Esc|Home|End|Tab|Shift|Alt|Ctrl|Control|Meta|Page(Up|Down)|Backspace|Delete)(\+\w+)*$/,
  /^(Authorization|Bearer|Content-Type|Idempotency-Key|Retry-After|X-Request-Id|Accept|Last-Event-ID|Content-Length)\b/,
  // The agent's states, and names.
  /^[A-Z][a-z]+([A-Z][A-Za-z]*)+$/,
  /^[A-Z_]+$/,
  // How the server begins what it says.
  /^(Cancelled: $|This session was forked )/,
  /^(Notification|trio-agent|English|Deutsch)$/,
];

/** In these, an error or a state is meant for programs. @param {string} before */
const isForPrograms = (before) =>
  /(new (Range|Type|Syntax)?Error|console\.\w+)\($/.test(before) || /(AGENT_STATES\[|agent_state[!=]==|\bcase |\.key[!=]==|\bname[!=]==)$/.test(before);

/** Where a text is given to the words, alone or as one of the two that a number chooses between. */
const SAID = /\b(t\(|counted\((S,)?)$/;

/** The keys that are asked for: all that stand in `t("…")` and `counted("…", "…", n)`. */
const asked = MODULES.flatMap(({ name, literals }) =>
  literals
    .filter(({ before, isTemplate }) => !isTemplate && SAID.test(before))
    .map(({ text, line, before }) => ({ text, before, where: `${name}:${line}` })),
);

test("what is asked for of the words is there in German", () => {
  const lacking = asked.filter(({ text }) => !(text in german)).map(({ text, where }) => `${where}: ${text}`);
  assert.deepEqual(lacking, []);
});

/** Read the same for one as for many: units, positions in a row, sums in brackets, and what is never one. */
const NUMBERLESS = [
  /\{count\} (ms|s)$/,
  /\{count\}\)$/,
  /\{\w+\} of \{count\}( done)?$/,
  // The limit of the server, and a log that is too long to be there at once.
  "A message takes {count} files at most.",
  "Loading {shown} of {count} messages…",
];

test("whatever is counted has a singular", () => {
  const plural = asked.filter(
    ({ text, before }) =>
      text.includes("{count}") &&
      !before.endsWith("counted(S,") &&
      !NUMBERLESS.some((each) => (typeof each === "string" ? each === text : each.test(text))),
  );
  assert.deepEqual(plural.map(({ text, where }) => `${where}: ${text}`), []);
});

test("a singular is none of the plural's words", () => {
  const singular = asked.filter(({ before }) => before.endsWith("counted("));
  assert.ok(singular.length > 10);
  assert.deepEqual(singular.filter(({ text }) => text.includes("{count}")), []);
});

/** Where an element is given what it shows: there, too, what is in the catalogue goes through `t`. @param {string} before */
const isShown = (before) => /(\b(text|title|alt|placeholder|label)|[{,]S):$|[)}],$|\bsay\([^()]*,$/.test(before);

/** A state, and no name of anything to press. */
const NO_CONTROL = "Running {tools}";

test("what a control is called has what stands on it in it, so that who speaks to the page can say it", () => {
  const names = Object.keys(german).flatMap((key) => {
    const [, shown = ""] = /^(.+?)(?: of|:)? \{\w+\}$/.exec(key) ?? [];
    return shown in german && key !== NO_CONTROL ? [{ key, shown }] : [];
  });
  assert.ok(names.some(({ key }) => key === "View diff of {subject}"));
  const words = /** @type {Record<string, string>} */ (german);
  const otherwise = names.filter(({ key, shown }) => !words[key]?.toLowerCase().includes(words[shown]?.toLowerCase() ?? ""));
  assert.deepEqual(otherwise.map(({ key }) => `${key}: ${words[key]}`), []);
});

test("nothing that is shown goes past the words", () => {
  const past = MODULES.flatMap(({ name, literals }) =>
    literals
      .filter(({ text, before, isTemplate }) => {
        if (SAID.test(before) || isForPrograms(before) || NO_WORDS.some((each) => each.test(text))) return false;
        if (/^[A-Z][a-z]/.test(text.trim())) return isShown(before) || !(text in german);
        // A class, a state and a tag are in small letters, too, and stand under names in quotes.
        return /\b(text|title|alt|placeholder)[:,]$/.test(before) && /[a-z]{2}/i.test(text) && !isTemplate;
      })
      .map(({ text, line }) => `${name}:${line}: ${text}`),
  );
  assert.deepEqual(past, []);
});

test("the names that stand in the page as it is served are there in German", () => {
  const names = [...PAGE.matchAll(/(?:aria-label="|data-words>)([^"<]+)/g)].map(([, name]) => name ?? "");
  assert.ok(names.length > 3);
  assert.deepEqual(names.filter((name) => !(name in german)), []);
});

test("a word in German has the values of its English", () => {
  /** @param {string} text */
  const values = (text) => [...text.matchAll(/\{\w+\}/g)].map(String).sort();
  const odd = Object.entries(german).filter(([english, text]) => values(english).join() !== values(text).join());
  assert.deepEqual(odd, []);
});

test("nothing is kept in German that nobody says", () => {
  const said = new Set(MODULES.flatMap(({ literals }) => literals.map(({ text }) => text)));
  const unsaid = Object.keys(german).filter((key) => !said.has(key) && !PAGE.includes(`aria-label="${key}"`));
  assert.deepEqual(unsaid, []);
});

test("literals are told from comments, from regular expressions, and from code within templates", () => {
  const code = 'a = "one"; // "no"\nb = /["\\/]/.test(`two ${x ? "three" : {}} four`); /* "no" */ c = d / 2 + "fi\\u0076e";';
  assert.deepEqual(
    literalsOf(code).map(({ text }) => text),
    ["one", "two ", "three", " four", "five"],
  );
});
