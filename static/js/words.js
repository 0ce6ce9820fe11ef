/**
 * The words of the page, in the reader's language. The English text is the key: it is read in the code where it is shown.
 * The other languages are catalogues in `words/`, and one is loaded before this module has run: whoever imports it may say
 * something at once.
 *
 * @typedef {Record<string, string>} Catalogue English text -> the same in another language; `{name}` stands for a value
 */

import { keep, recall } from "./storage.js";

/** Each by its own name. */
export const LANGUAGES = { en: "English", de: "Deutsch" };

/**
 * Named one by one, so that whoever follows the imports finds each file.
 * @type {Record<string, () => Promise<{ default: Catalogue }>>}
 */
const CATALOGUES = { de: () => import("./words/de.js") };

const KEY = "trio-agent.language";

/** @type {Catalogue} */
let catalogue = {};
let region = "en";

/** Whose manner of writing numbers and times is the reader's. */
export const locale = () => region;

/** Show all words in the first of `wanted` (as `navigator.languages`) that there is. @param {readonly string[]} wanted */
export async function speak(wanted) {
  const tag = wanted.find((each) => primary(each) in LANGUAGES) ?? "en";
  const spoken = primary(tag);
  catalogue = (await CATALOGUES[spoken]?.())?.default ?? {};
  region = tag;
  return spoken;
}

/** @param {string} tag */
const primary = (tag) => tag.split("-")[0] ?? "";

/**
 * `text` in the reader's language, with `{name}` replaced by the value of that name.
 * @param {string} text
 * @param {Record<string, string | number>} [values]
 */
export function t(text, values = {}) {
  const words = catalogue[text] ?? text;
  return words.replace(/\{(\w+)\}/g, (whole, name) => String(values[name] ?? whole));
}

/** @type {Map<string, Intl.PluralRules>} */
const RULES = new Map();

/**
 * So many of something, in words that fit the number.
 * @param {string} one for a single one, as "1 answer"
 * @param {string} many for any other number, as "{count} answers"
 * @param {number} count
 * @param {Record<string, string | number>} [values] with `count` as it is to be read, if it is not as `Intl` writes it
 */
export function counted(one, many, count, values = {}) {
  let rules = RULES.get(region);
  if (!rules) RULES.set(region, (rules = new Intl.PluralRules(region)));
  return t(rules.select(count) === "one" ? one : many, { count: count.toLocaleString(region), ...values });
}

/** What the user has chosen in this browser; empty = as the browser itself speaks. */
export const chosenLanguage = () => recall(KEY) ?? "";

/** From the next time the page is loaded. @param {string} tag */
export const chooseLanguage = (tag) => keep(KEY, tag);

/** The names and titles that stand in the page as it was served. @param {ParentNode} page */
export function sayNames(page) {
  for (const element of page.querySelectorAll("[data-words]")) element.textContent = t(element.textContent ?? "");
  for (const element of page.querySelectorAll("[aria-label]")) {
    element.setAttribute("aria-label", t(element.getAttribute("aria-label") ?? ""));
  }
}

if (typeof document !== "undefined") {
  const chosen = chosenLanguage();
  const own = navigator.languages;
  // A chosen language is written as it is where the reader lives, if the browser knows of that.
  const wanted = chosen ? [own.find((each) => primary(each) === chosen) ?? chosen] : own;
  try {
    document.documentElement.lang = await speak(wanted);
  } catch (error) {
    // Without its catalogue the page is English; without this module it would be nothing at all.
    console.info("words", error);
  }
  sayNames(document);
}
