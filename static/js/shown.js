/**
 * Texts of others as they may be shown: characters that turn the order of what stands around them (CVE-2021-42574), or that hide
 * in it, are told by their number, as `⟨U+202E⟩`. Pure. The server does the same (`web/visible.py`); one table tests both.
 *
 * What belongs to a language stays: joiners in emoji, Arabic and Indic scripts, the three flags that are spelt with tags, one
 * variation selector after its sign. In prose so do the marks of direction, which turn nothing but what is neutral, soft
 * hyphens, and the places where Thai, Lao, Burmese and Khmer may be broken.
 */

const FLAGS =
  "\u{1f3f4}\u{e0067}\u{e0062}(?:\u{e0065}\u{e006e}\u{e0067}|\u{e0073}\u{e0063}\u{e0074}|\u{e0077}\u{e006c}\u{e0073})\u{e007f}";
const HIDDEN = [
  "[\\u115f\\u1160\\u17b4\\u17b5\\u202a-\\u202e\\u2060-\\u206f\\u3164\\ufeff\\uffa0\\ufff0-\\ufffb\\u{1d173}-\\u{1d17a}\\u{e0000}-\\u{e00ff}]",
  // A Mongolian vowel stands by itself behind it.
  "(?<![\\u1820-\\u18aa])\\u180e",
  // Arabic to Burmese, Khmer to Vedic signs, Indic and Indonesian scripts beyond; then signs and their colours.
  "(?<![\\u0600-\\u109f\\u1700-\\u18af\\u1900-\\u1cff\\ua800-\\uaaff\\uabc0-\\uabff\\ufb50-\\ufdff\\ufe70-\\ufefc\\u{10a00}-\\u{11fff}\\u{1e900}-\\u{1e95f}\\u203c-\\u32ff\\ufe0f\\u{1f000}-\\u{1faff}])[\\u200c\\u200d]",
  "(?<![#*0-9\\u00a9-\\u200a\\u2010-\\u2027\\u202f-\\u205f\\u2070-\\ufdff\\ufe10-\\ufefe\\uff00-\\u{e00ff}])[\\ufe00-\\ufe0f\\u{e0100}-\\u{e01ef}]",
];
const PROSE = new RegExp([FLAGS, ...HIDDEN, "(?<![\\u0e00-\\u0eff\\u1000-\\u109f\\u1780-\\u17ff])\\u200b"].join("|"), "gu");
const CODE = new RegExp(
  [FLAGS, ...HIDDEN, "[\\0-\\x08\\x0b-\\x1f\\x7f-\\x9f\\u00ad\\u034f\\u061c\\u200b\\u200e\\u200f\\u2028\\u2029]"].join("|"),
  "gu",
);
/** Nearly all texts have none of these code units, and are left alone at once. */
const SUSPECT =
  /[\0-\x08\x0b-\x1f\x7f-\x9f\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\u3164\ufe00-\ufe0f\ufeff\uffa0\ufff0-\ufffb\ud834\udb40]/;

/** What people and models say, and names that stand in it. @param {string} text */
export const inProse = (text) => (SUSPECT.test(text) ? text.replace(PROSE, told) : text);

/** Commands, output, code, paths: there all that cannot be seen is told, controls but for tab and line feed by their pictures. */
export const inCode = (/** @type {string} */ text) => (SUSPECT.test(text) ? text.replace(CODE, told) : text);

/** @param {string} found */
function told(found) {
  const code = found.codePointAt(0) ?? 0;
  if (code === 0x1f3f4) return found;
  if (code < 0x20) return String.fromCharCode(0x2400 + code);
  return code === 0x7f ? "␡" : `⟨U+${code.toString(16).toUpperCase().padStart(4, "0")}⟩`;
}
