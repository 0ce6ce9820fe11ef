/**
 * Where a link of an answer leads, as the browser reads its address: hosts in the network's own spelling (letters of other
 * scripts look like ours: UTS 39), without the name before an `@`, which may be another host's. Pure.
 *
 * @typedef {{ kind: "web", place: string, elsewhere: boolean } | { kind: "file", path: string, line: number, place: string }
 *   | { kind: "nowhere" }} Destination
 *   `place` is what the text does not say by itself, empty = it says all; `elsewhere`: the text names another host.
 */

/** No more of a text is looked at: what it claims to be stands at its beginning. */
const LOOKED_AT = 1000;
// Endings of files that are endings of hosts as well. A text `build.rs` claims to be no host.
const FILES =
  "ac|am|as|bz|cc|cs|db|di|el|ex|fs|gz|hs|in|jl|js|kt|la|ld|lo|md|mk|ml|mm|mo|nb|pl|pm|po|pp|ps|py|rb|rc|rs|sc|sh|so|st|td|tf|tk|ts|vb|xz";
const KNOWN = "com|org|net|edu|gov|mil|int|info|biz|dev|app|cloud|xyz|online|site|page|test|example|xn--[a-z\\d-]+";
const HOST = new RegExp(
  `(?:[\\p{L}\\p{N}_-]+\\.)+(?:${KNOWN}|(?!(?:${FILES})(?![\\p{L}\\p{N}]))[a-z]{2}|(?![a-z])\\p{L}{2,})(?![\\p{L}\\p{N}_-]|\\.[\\p{L}\\p{N}])`,
  "gu",
);
const WITH_SCHEME = /https?:[\\/]{2,}(?:[^\s\\/?#@]*@)?([^\s\\/?#]+)/g;
// Not `name:`, `/`, `?` or `#` first. A line as `:12`, `:12:3`, `#L12` or `#L12-L20`.
const FILE = /^(?![a-z][a-z\d+.-]*:|[/?#\\])([^?#]*?[^?#/:])(?::(\d{1,7})(?::\d+)?)?(?:#(?:L?(\d{1,7}).*|.*))?$/i;

/** @param {string} href as the answer has it @param {string} text what the link says @returns {Destination} */
export function destination(href, text) {
  const url = parsed(href);
  const says = text.trim();
  if (url?.protocol === "mailto:") {
    const place = url.pathname;
    const host = place.slice(place.lastIndexOf("@") + 1).toLowerCase();
    return { kind: "web", place: says === place ? "" : place, elsewhere: namesOther(says, host, host) };
  }
  if (url && /^https?:$/.test(url.protocol) && /^https?:/i.test(href)) {
    const isSaid = says.toLowerCase() === url.host || isAddress(says, url) || isAddress(`${url.protocol}//${says}`, url);
    return { kind: "web", place: isSaid ? "" : url.host, elsewhere: !isSaid && namesOther(says, url.host, url.hostname) };
  }
  return fileOf(href, says);
}

/** Whether a text is this very address, with its host in plain letters and nothing before it. @param {string} text @param {URL} url */
const isAddress = (text, url) =>
  text.toLowerCase().startsWith(`${url.protocol}//${url.host}`) && parsed(text)?.href === url.href;

/** @param {string} text @param {string} host with the port @param {string} name without it */
function namesOther(text, host, name) {
  const says = text.slice(0, LOOKED_AT).normalize("NFKC").toLowerCase().replace(/[\u3002\uff61]/g, ".");
  const isOther = (/** @type {string} */ said) => said !== name && said !== `www.${name}` && !name.endsWith(`.${said}`);
  const spelt = [...says.matchAll(WITH_SCHEME)].map(([, said = ""]) => said.replace(/[^\p{L}\p{N}\]]+$/u, ""));
  return spelt.some((said) => said !== host && isOther(said)) || (says.match(HOST) ?? []).some(isOther);
}

/** @param {string} href @param {string} says @returns {Destination} */
function fileOf(href, says) {
  const [, encoded = "", after, fragment] = FILE.exec(href) ?? [];
  const path = decoded(encoded).replace(/^(?:\.\/+)+/, "");
  if (!path || path.split("/").includes("..")) return { kind: "nowhere" };
  const isSaid = says !== "" && `/${path}`.endsWith(`/${says.replace(/^\.\//, "").replace(/:\d+$/, "")}`);
  return { kind: "file", path, line: Number(after ?? fragment ?? 0), place: isSaid ? "" : path };
}

/** @param {string} text */
function parsed(text) {
  try {
    return new URL(text);
  } catch {
    return null;
  }
}

/** @param {string} text */
function decoded(text) {
  try {
    return decodeURIComponent(text);
  } catch {
    return "";
  }
}
