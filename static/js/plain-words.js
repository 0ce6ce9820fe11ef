/** What Markdown says in words alone, for what is heard, or stands on a line or two: news, and notifications. Pure. */

import { inProse } from "./shown.js";

/** Who takes more takes the HTML. */
const LOOKED_AT = 4000;
/** What was escaped, or stands in code, is no sign: until the signs are gone it waits among the characters of private use. */
const ASIDE = 0xe000;
const aside = (/** @type {string} */ text) =>
  text.replace(/[!-/:-@[-`{-~]/g, (sign) => String.fromCharCode(ASIDE + sign.charCodeAt(0)));

/** By turns what goes and what stays of it. @type {[RegExp, string | ((...found: string[]) => string)][]} */
const SIGNS = [
  [/\r\n?/g, "\n"],
  [/^[ \t]*(?:```|~~~).*$/gm, ""],
  [/(`+)(?!`)([^]*?[^`])\1(?!`)/g, (_whole, _ticks, code = "") => aside(code.trim())],
  [/\\([!-/:-@[-`{-~])/g, (_, sign = "") => aside(sign)],
  // Rules, lines under headings, and the line between a table's head and its body.
  [/^(?:[ \t]*[*_](?:[ \t]*[*_]){2,}|[ \t]*=+|[ \t|:-]*)[ \t]*$/gm, ""],
  [/^[ \t]*\|(.*)\|[ \t]*$/gm, (_, cells = "") => cells.split("|").map((each) => each.trim()).filter(Boolean).join(", ")],
  [/^(?:[ \t]*>)+[ \t]?/gm, ""],
  [/^[ \t]*#{1,6}[ \t]+(.*?)(?:[ \t]+#+)?[ \t]*$/gm, "$1"],
  [/^[ \t]*(?:[-*+]|\d{1,9}[.)])[ \t]+/gm, ""],
  [/^\[ \](?=\s)/gm, "☐"],
  [/^\[[xX]\](?=\s)/gm, "☑"],
  [/!\[([^\[\]]*)\](?:\([^()\n]*(?:\([^()\n]*\)[^()\n]*)*\)|\[[^\[\]\n]*\])/g, "$1"],
  [/\[([^\[\]]*)\](?:\([^()\n]*(?:\([^()\n]*\)[^()\n]*)*\)|\[[^\[\]\n]*\])/g, "$1"],
  [/<((?:https?:|mailto:)[^<>\s]+)>/g, "$1"],
  [/(\*\*|~~)(?=\S)(.+?)(?<=\S)\1/g, "$2"],
  [/(?<![\p{L}\p{N}_])__(?=\S)(.+?)(?<=\S)__(?![\p{L}\p{N}_])/gu, "$1"],
  [/\*(?=[^\s*])([^*]+?)(?<=\S)\*/g, "$1"],
  [/(?<![\p{L}\p{N}_])_(?=\S)([^_]+?)(?<=\S)_(?![\p{L}\p{N}_])/gu, "$1"],
];

/** @param {string} markdown @returns {string} as it may be shown; lines, none of them empty */
export function plainWords(markdown) {
  const words = SIGNS.reduce((text, [sign, rest]) => text.replace(sign, /** @type {string} */ (rest)), markdown.slice(0, LOOKED_AT));
  const back = words.replace(/[\ue021-\ue07e]/g, (sign) => String.fromCharCode(sign.charCodeAt(0) - ASIDE));
  return inProse(back.replace(/[ \t]*\n\s*/g, "\n").trim());
}
