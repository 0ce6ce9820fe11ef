/**
 * A program's output as it reads in a terminal: colours and type by SGR, and lines that were written over, as progress bars
 * do. Pure. Source: ECMA-48 (5th edition), § 8.3.117 SGR; ITU-T T.416 for 38 and 48; xterm's palette of 256.
 *
 * Rules: what is written can be hidden by nothing but later text on its own line. So moves up and down, clearing the screen
 * and concealed text are not obeyed; control strings (titles, links, images) end at their line's end at the latest; characters
 * that turn or hide a text are told (`shown.js`). Everything is bounded by the length of the text: no sequence makes more of it
 * than MAX_COLUMN characters a line.
 *
 * @typedef {{
 *   fg: string, bg: string, bold: boolean, dim: boolean, italic: boolean, underline: boolean, strike: boolean,
 *   inverse: boolean,
 * }} Style  `fg` and `bg`: "" = the default, "0" to "15" = the palette's, "#rrggbb".
 * @typedef {{ text: string, style: Style }} Run
 */

import { inCode } from "./shown.js";

/** @type {Readonly<Style>} */
export const PLAIN = {
  fg: "",
  bg: "",
  bold: false,
  dim: false,
  italic: false,
  underline: false,
  strike: false,
  inverse: false,
};

/** A move to the right pads no further. */
export const MAX_COLUMN = 200;
/** More changes of style than this become plain: each is an element on the page. */
export const MAX_RUNS = 4000;
const MAX_PARAMETERS = 32;

// Control strings (OSC, DCS, SOS, PM, APC), CSI, other sequences, then single controls.
const CONTROL =
  /(?:\x1b[\]PX^_]|[\x9d\x90\x98\x9e\x9f])[^\x07\x1b\x9c\n]*(?:\x07|\x1b\\|\x9c)?|(?:\x1b\[|\x9b)([0-?]*)([ -/]*)([@-~]?)|\x1b[ -/]*[0-~]?|[\x00-\x08\x0a-\x1f\x7f-\x9f]/g;

/** @param {string} text @returns {Run[]} neighbours differ in style; joined, they are what is to be read */
export function parseAnsi(text) {
  const page = new Sheet();
  let at = 0;
  for (const match of text.matchAll(CONTROL)) {
    if (match.index > at) page.write(text.slice(at, match.index));
    at = match.index + match[0].length;
    const [whole, parameters = "", between = "", final = ""] = match;
    if (whole === "\n") page.newLine();
    else if (whole === "\r") page.column = 0;
    else if (whole === "\b") page.column = Math.max(0, page.column - 1);
    else if (final && !between) page.obey(final, parameters);
  }
  if (at < text.length) page.write(text.slice(at));
  return page.runs();
}

class Sheet {
  column = 0;
  style = PLAIN;
  /** @type {Run[]} Lines that are over. */
  #done = [];
  /** @type {Run[]} */
  #line = [];
  #length = 0;

  /** @param {string} text without controls */
  write(text) {
    if (this.column > this.#length) this.#add(" ".repeat(this.column - this.#length), PLAIN);
    if (this.column < this.#length) this.#over(text);
    else this.#add(text, this.style);
    this.column += text.length;
  }

  newLine() {
    for (const { text, style } of this.#line) push(this.#done, text, style);
    push(this.#done, "\n", this.#done.at(-1)?.style ?? PLAIN);
    this.#line = [];
    this.#length = 0;
    this.column = 0;
  }

  /** @param {string} final the sequence's last character, which says what it is @param {string} parameters */
  obey(final, parameters) {
    const count = Math.max(1, Number.parseInt(parameters, 10) || 1);
    if (final === "m") this.style = restyled(this.style, parameters);
    else if (final === "C") this.column = Math.min(Math.max(this.#length, MAX_COLUMN), this.column + count);
    else if (final === "D") this.column = Math.max(0, this.column - count);
    else if (final === "G") this.column = Math.min(Math.max(this.#length, MAX_COLUMN), count - 1);
    else if (final === "K") this.#erase(Number.parseInt(parameters, 10) || 0);
  }

  runs() {
    const runs = this.#done;
    for (const { text, style } of this.#line) push(runs, text, style);
    // Only now: on the line each has the column that it had in a terminal.
    return runs.map(({ text, style }) => ({ text: inCode(text), style }));
  }

  /** @param {number} how 0 = to the end of the line, 1 = up to here, 2 = all of it */
  #erase(how) {
    if (how === 0) this.#line = cut(this.#line, 0, this.column);
    else if (how === 2) this.#line = [];
    else if (how === 1) this.#line = [{ text: " ".repeat(Math.min(this.column, this.#length)), style: PLAIN }, ...cut(this.#line, this.column, this.#length)];
    this.#length = this.#line.reduce((sum, { text }) => sum + text.length, 0);
  }

  /** @param {string} text @param {Style} style */
  #add(text, style) {
    push(this.#line, text, style);
    this.#length += text.length;
  }

  /** @param {string} text */
  #over(text) {
    const end = this.column + text.length;
    const before = cut(this.#line, 0, this.column);
    const after = cut(this.#line, end, this.#length);
    this.#line = before;
    push(this.#line, text, this.style);
    for (const run of after) push(this.#line, run.text, run.style);
    this.#length = Math.max(this.#length, end);
  }
}

/** @param {Run[]} runs @param {string} text @param {Style} style */
function push(runs, text, style) {
  if (text === "") return;
  const last = runs.at(-1);
  // A new object, not a longer text in the old one: runs of a line may also stand in what was cut from it.
  if (last && (last.style === style || runs.length >= MAX_RUNS || same(last.style, style))) {
    runs[runs.length - 1] = { text: last.text + text, style: runs.length >= MAX_RUNS ? PLAIN : last.style };
  } else runs.push({ text, style });
}

/** The characters from `begin` on and before `end`. @param {Run[]} runs @param {number} begin @param {number} end */
function cut(runs, begin, end) {
  /** @type {Run[]} */
  const kept = [];
  let at = 0;
  for (const { text, style } of runs) {
    push(kept, text.slice(Math.max(0, begin - at), Math.max(0, end - at)), style);
    at += text.length;
  }
  return kept;
}

/** @param {Style} one @param {Style} other */
function same(one, other) {
  return /** @type {(keyof Style)[]} */ (Object.keys(PLAIN)).every((name) => one[name] === other[name]);
}

/** @param {Style} style @param {string} parameters @returns {Style} */
function restyled(style, parameters) {
  // Only digits and separators: with a private marker (`?`, `>`) it is something else.
  if (!/^[\d;:]*$/.test(parameters)) return style;
  let next = { ...style };
  const groups = parameters.split(";", MAX_PARAMETERS);
  for (let i = 0; i < groups.length; i++) {
    const [code = 0, ...rest] = (groups[i] ?? "").split(":").map((digits) => Number(digits.slice(0, 4)));
    if (code === 38 || code === 48) {
      const spaced = rest.length === 0;
      const told = spaced ? groups.slice(i + 1, i + 5).map(Number) : rest;
      // With colons a colour space may stand before red, green and blue.
      const rgb = spaced ? told.slice(1, 4) : told.slice(-3);
      const colour = told[0] === 5 ? indexed(told[1]) : told[0] === 2 ? hex(rgb) : null;
      if (spaced) i += told[0] === 5 ? 2 : told[0] === 2 ? 4 : 0;
      if (colour !== null) next = { ...next, [code === 38 ? "fg" : "bg"]: colour };
    } else next = plainly(next, code);
  }
  return next;
}

/** @param {Style} style @param {number} code @returns {Style} */
function plainly(style, code) {
  if (code === 0) return PLAIN;
  if (code === 1) return { ...style, bold: true };
  if (code === 2) return { ...style, dim: true };
  if (code === 22) return { ...style, bold: false, dim: false };
  if (code === 3 || code === 23) return { ...style, italic: code === 3 };
  if (code === 4 || code === 24) return { ...style, underline: code === 4 };
  if (code === 7 || code === 27) return { ...style, inverse: code === 7 };
  if (code === 9 || code === 29) return { ...style, strike: code === 9 };
  if (code === 39) return { ...style, fg: "" };
  if (code === 49) return { ...style, bg: "" };
  if (code >= 30 && code <= 37) return { ...style, fg: String(code - 30) };
  if (code >= 40 && code <= 47) return { ...style, bg: String(code - 40) };
  if (code >= 90 && code <= 97) return { ...style, fg: String(code - 82) };
  if (code >= 100 && code <= 107) return { ...style, bg: String(code - 92) };
  return style;
}

/** xterm's 256: sixteen of the palette, a cube of 6×6×6, 24 greys. @param {number | undefined} index */
function indexed(index) {
  if (index === undefined || !(index >= 0 && index <= 255)) return null;
  if (index < 16) return String(index);
  if (index >= 232) return hex([8, 8, 8].map((base) => base + 10 * (index - 232)));
  const level = (/** @type {number} */ step) => (step === 0 ? 0 : 55 + 40 * step);
  const cube = index - 16;
  return hex([level(Math.floor(cube / 36)), level(Math.floor(cube / 6) % 6), level(cube % 6)]);
}

/** @param {readonly (number | undefined)[]} rgb */
function hex(rgb) {
  if (rgb.length < 3 || !rgb.every((part) => part !== undefined && part >= 0 && part <= 255)) return null;
  return `#${rgb.map((part) => Number(part).toString(16).padStart(2, "0")).join("")}`;
}
