/**
 * The words of the page, in the reader's language. The English text is the key: it is read in the code where it is shown.
 * The other languages are catalogues in `words/`, loaded before the first view is made.
 *
 * @typedef {Record<string, string>} Catalogue English text -> the same in another language; `{name}` stands for a value
 */

/** Languages beside English. */
export const LANGUAGES = ["de"];

/** @type {Catalogue} */
let catalogue = {};

/** Show all words in the first of `wanted` (as `navigator.languages`) that there is. @param {readonly string[]} wanted */
export async function speak(wanted) {
  const chosen = wanted.map((tag) => tag.split("-")[0] ?? "").find((tag) => tag === "en" || LANGUAGES.includes(tag)) ?? "en";
  catalogue = chosen === "en" ? {} : (await import(`./words/${chosen}.js`)).default;
  return chosen;
}

/**
 * `text` in the reader's language, with `{name}` replaced by the value of that name.
 * @param {string} text
 * @param {Record<string, string | number>} [values]
 */
export function t(text, values = {}) {
  const words = catalogue[text] ?? text;
  return words.replace(/\{(\w+)\}/g, (whole, name) => String(values[name] ?? whole));
}
