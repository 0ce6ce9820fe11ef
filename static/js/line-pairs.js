/**
 * Lines that took each other's place: side by side, and what differs within them. Pure.
 *
 * @import { Line } from "./changes.js"
 * @typedef {[number, number][]} Marks  ranges of a text, in its own units
 */

import { textOf } from "./changes.js";

/**
 * Lines side by side: what was removed beside what was added in its place.
 * @param {readonly Line[]} lines
 * @returns {[Line | null, Line | null][]}
 */
export function sideBySide(lines) {
  /** @type {[Line | null, Line | null][]} */
  const rows = [];
  for (const { same, removed, added } of blocks(lines)) {
    if (same) rows.push([same, same]);
    for (let i = 0; i < Math.max(removed.length, added.length); i++) rows.push([removed[i] ?? null, added[i] ?? null]);
  }
  return rows;
}

/**
 * What differs within lines that took each other's place.
 * @param {readonly Line[]} lines
 * @returns {Map<Line, Marks>}
 */
export function marksOf(lines) {
  /** @type {Map<Line, Marks>} */
  const marks = new Map();
  for (const { removed, added } of blocks(lines)) {
    // Of blocks of different lengths nobody knows which line became which.
    if (removed.length !== added.length) continue;
    removed.forEach((line, i) => {
      const other = /** @type {Line} */ (added[i]);
      const found = difference(textOf(line.spans), textOf(other.spans));
      if (!found) return;
      marks.set(line, found[0]);
      marks.set(other, found[1]);
    });
  }
  return marks;
}

/** @param {readonly Line[]} lines @returns {{ same: Line | null, removed: Line[], added: Line[] }[]} */
function blocks(lines) {
  const found = [];
  /** @type {Line[]} */
  let removed = [];
  /** @type {Line[]} */
  let added = [];
  const end = () => {
    if (removed.length + added.length > 0) found.push({ same: null, removed, added });
    removed = [];
    added = [];
  };
  let before = 0;
  for (const line of lines) {
    const kind = line.kind ?? "same";
    // Where lines were left out between, one did not take the other's place.
    if (line.old && before && line.old > before + 1) end();
    if (line.old) before = line.old;
    if (kind === "same" || (kind === "removed" && added.length > 0)) end();
    if (kind === "same") found.push({ same: line, removed: [], added: [] });
    else (kind === "removed" ? removed : added).push(line);
  }
  end();
  return found;
}

/** Words in one text, at most; of longer lines the common beginning and end are found, and no more. */
const MOST_WORDS = 200;
/** Lines that share less of their letters than this are two lines, and not one that was changed. */
const LEAST_SHARED = 0.4;

/**
 * The ranges of two texts that the other has not; null where they have too little in common, or nothing to tell.
 * @param {string} one
 * @param {string} other
 * @returns {[Marks, Marks] | null}
 */
export function difference(one, other) {
  if (one === other) return null;
  const [words, others] = [wordsOf(one), wordsOf(other)];
  let start = 0;
  while (start < words.length && start < others.length && words[start] === others[start]) start += 1;
  let [end, otherEnd] = [words.length, others.length];
  while (end > start && otherEnd > start && words[end - 1] === others[otherEnd - 1]) [end, otherEnd] = [end - 1, otherEnd - 1];
  const kept = new Set(words.slice(0, start).keys());
  const otherKept = new Set(kept);
  for (let i = end; i < words.length; i++) kept.add(i);
  for (let i = otherEnd; i < others.length; i++) otherKept.add(i);
  if (end - start <= MOST_WORDS && otherEnd - start <= MOST_WORDS) {
    for (const [i, j] of common(words.slice(start, end), others.slice(start, otherEnd))) {
      kept.add(start + i);
      otherKept.add(start + j);
    }
  }
  const shared = words.reduce((sum, word, i) => sum + (kept.has(i) ? word.trim().length : 0), 0);
  const most = Math.max(one.trim().length, other.trim().length);
  if (shared < LEAST_SHARED * most) return null;
  return [rangesWithout(words, kept), rangesWithout(others, otherKept)];
}

/** @param {string} text @returns {string[]} */
const wordsOf = (text) => text.match(/[\p{L}\p{N}_]+|\s+|./gsu) ?? [];

/**
 * The longest common subsequence, as pairs of places.
 * @param {readonly string[]} one
 * @param {readonly string[]} other
 */
function common(one, other) {
  const width = other.length + 1;
  const longest = new Uint16Array((one.length + 1) * width);
  const at = (/** @type {number} */ i, /** @type {number} */ j) => longest[i * width + j] ?? 0;
  for (let i = one.length - 1; i >= 0; i--) {
    for (let j = other.length - 1; j >= 0; j--) {
      longest[i * width + j] = one[i] === other[j] ? at(i + 1, j + 1) + 1 : Math.max(at(i + 1, j), at(i, j + 1));
    }
  }
  /** @type {[number, number][]} */
  const pairs = [];
  for (let i = 0, j = 0; i < one.length && j < other.length;) {
    if (one[i] === other[j]) pairs.push([i++, j++]);
    else if (at(i + 1, j) >= at(i, j + 1)) i += 1;
    else j += 1;
  }
  return pairs;
}

/** @param {readonly string[]} words @param {ReadonlySet<number>} kept @returns {Marks} */
function rangesWithout(words, kept) {
  /** @type {Marks} */
  const ranges = [];
  let at = 0;
  words.forEach((word, i) => {
    const last = ranges.at(-1);
    const end = at + word.length;
    if (!kept.has(i)) {
      if (last && last[1] === at) last[1] = end;
      else ranges.push([at, end]);
    }
    at = end;
  });
  return ranges;
}

/**
 * `spans` cut where marks begin and end: letter, text, whether it is marked.
 * @param {readonly string[]} spans
 * @param {Marks} marks
 * @returns {[string, string, boolean][]}
 */
export function pieces(spans, marks) {
  /** @type {[string, string, boolean][]} */
  const found = [];
  let at = 0;
  for (let i = 0; i < spans.length; i += 2) {
    const [letter = "", text = ""] = [spans[i], spans[i + 1]];
    const cuts = marks.flat().filter((cut) => cut > at && cut < at + text.length);
    let from = at;
    for (const to of [...cuts, at + text.length]) {
      const marked = marks.some(([start, end]) => start <= from && to <= end);
      found.push([letter, text.slice(from - at, to - at), marked]);
      from = to;
    }
    at += text.length;
  }
  return found;
}
