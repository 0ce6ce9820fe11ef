import assert from "node:assert/strict";
import { test } from "node:test";

import { MAX_COLUMN, MAX_RUNS, parseAnsi } from "../../static/js/ansi.js";

/** What is read, whatever it looks like. @param {string} text */
const read = (text) =>
  parseAnsi(text)
    .map((run) => run.text)
    .join("");
/** The style of the run that holds `part`, without what is default. @param {string} text @param {string} part */
function styleOf(text, part) {
  const run = parseAnsi(text).find((each) => each.text.includes(part));
  return Object.fromEntries(Object.entries(run?.style ?? {}).filter(([, value]) => value));
}

test("text without sequences is one run, as it is", () => {
  assert.deepEqual(
    parseAnsi("a\tb\nc").map((run) => run.text),
    ["a\tb\nc"],
  );
  assert.deepEqual(parseAnsi(""), []);
});

test("colours of the palette, bright ones, type, and the way back from each", () => {
  for (const [sequence, style] of /** @type {const} */ ([
    ["31", { fg: "1" }],
    ["97", { fg: "15" }],
    ["42", { bg: "2" }],
    ["100", { bg: "8" }],
    ["1;3;4;9", { bold: true, italic: true, underline: true, strike: true }],
    ["2;7", { dim: true, inverse: true }],
    ["1;2;22", {}],
    ["31;41;39;49", {}],
    ["1;31;0", {}],
    ["1;31;", {}],
  ])) {
    assert.deepEqual(styleOf(`\x1b[${sequence}mx`, "x"), style, sequence);
  }
  assert.deepEqual(styleOf("\x1b[31mx\x1b[my", "y"), {});
});

test("colours of 256 and of 16 million, by semicolons and by colons", () => {
  for (const [sequence, fg] of [
    ["38;5;9", "9"],
    ["38;5;16", "#000000"],
    ["38;5;196", "#ff0000"],
    ["38;5;255", "#eeeeee"],
    ["38;2;1;2;255", "#0102ff"],
    ["38:2:1:2:255", "#0102ff"],
    ["38:2::1:2:255", "#0102ff"],
    ["38:5:196", "#ff0000"],
  ]) {
    assert.deepEqual(styleOf(`\x1b[${sequence}mx`, "x"), { fg }, sequence);
  }
  assert.deepEqual(styleOf("\x1b[38;5;196;48;2;0;0;0;1mx", "x"), { fg: "#ff0000", bg: "#000000", bold: true });
});

test("what is no colour changes nothing, and what follows it still counts", () => {
  for (const sequence of ["38;5;256", "38;2;1;2;256", "38;5", "38:2:1"]) {
    assert.deepEqual(styleOf(`\x1b[${sequence}m\x1b[1mx`, "x"), { bold: true }, sequence);
  }
  for (const sequence of ["38", "38;9", "?31", ">1", "999999999999999999999", "12abc"]) assert.match(read(`\x1b[${sequence}mx`), /x$/);
});

test("a progress bar shows its last line only", () => {
  assert.equal(read(" 10% #\r 50% ###\r100% #####\ndone\n"), "100% #####\ndone\n");
  assert.equal(read("a long line\rshort\x1b[K\n"), "short\n");
  assert.equal(read("a long line\rshort\n"), "shortg line\n");
  assert.equal(read("line\r\nnext"), "line\nnext");
  assert.equal(read("ab\b\bc\x1b[2K\rd"), "d");
  assert.equal(read("abc\x1b[1Kd"), "   d");
  assert.equal(read("|\b/\b-\b\\"), "\\");
  assert.equal(read("a\x1b[5Gb\x1b[2Dc"), "a  cb");
});

test("writing over part of a coloured line keeps the rest of its colours", () => {
  const runs = parseAnsi("\x1b[31mred\x1b[32mgreen\x1b[0m\r\x1b[1mRE");
  assert.deepEqual(
    runs.map(({ text, style }) => [text, style.fg, style.bold]),
    [
      ["RE", "", true],
      ["d", "1", false],
      ["green", "2", false],
    ],
  );
});

test("nothing but later text on its own line hides what was written", () => {
  for (const sequence of ["\x1b[2J", "\x1b[3J", "\x1b[H", "\x1b[5A", "\x1b[1;1H", "\x1bc", "\x1b[?1049h", "\x1b[8m", "\x1b7\x1b8", "\x1b[2S"]) {
    assert.equal(read(`before\n${sequence}after`), "before\nafter", JSON.stringify(sequence));
  }
  assert.equal(read("a\x1b]0;a title never closed\nstill here"), "a\nstill here");
});

test("titles, links, images and other strings are not text", () => {
  assert.equal(read("\x1b]0;title\x07a\x1b]8;;https://x.example/\x1b\\link\x1b]8;;\x1b\\b\x1bPq#0\x1b\\c\x9dtitle\x9cd"), "alinkbcd");
  assert.equal(read("a\x00b\x0bc\x07d\x7fe\x85f"), "abcdef");
  assert.equal(read("a\x1b"), "a");
  assert.equal(read("a\x1b["), "a");
  assert.equal(read("a\x1b[31"), "a");
  assert.equal(read("\x1b(B\x1b)0text"), "text");
});

test("no sequence makes a text much longer", () => {
  assert.equal(read("\x1b[999999999Cx").length, MAX_COLUMN + 1);
  assert.equal(read("\x1b[999999999Gx").length, MAX_COLUMN + 1);
  assert.equal(read("\x1b[999999999Dx\x1b[999999999b").length, 1);
});

test("endless changes of colour are bounded, and keep all their text", () => {
  const text = Array.from({ length: 3 * MAX_RUNS }, (_, i) => `\x1b[3${i % 8}mx`).join("");
  const runs = parseAnsi(text);
  assert.equal(runs.length, MAX_RUNS);
  assert.equal(read(text), "x".repeat(3 * MAX_RUNS));
});

test("a hostile text costs no more than its length", { timeout: 60_000 }, () => {
  // Each of these took minutes if it were looked through again at every sequence.
  const bars = `${"x".repeat(50_000)}${"\ry".repeat(20_000)}`;
  for (const text of ["\x1b[".repeat(500_000), "\x1b]".repeat(500_000), `\x1b[${";".repeat(500_000)}m`, bars]) parseAnsi(text);
  assert.equal(read(bars).length, 50_000);
});

test("what turns or hides a text is told, and keeps no column of its own", () => {
  assert.equal(read("a\u202eb\u200b"), "a⟨U+202E⟩b⟨U+200B⟩");
  assert.equal(read("a\u202eb\rxyz!"), "xyz!");
  assert.deepEqual(styleOf("\x1b[31m\u2066x", "⟨U+2066⟩"), { fg: "1" });
});
