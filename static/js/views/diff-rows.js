/**
 * Lines as rows of a table: one below the other, or side by side. The number of a line is the button that comments on it.
 *
 * @import { Line } from "../changes.js"
 * @import { Marks } from "../line-pairs.js"
 */

import { el } from "../dom.js";
import { marksOf, pieces, sideBySide } from "../line-pairs.js";
import { t } from "../words.js";

/** Neither colour alone nor a sign that is read as a hyphen. */
const SIGNS = { same: "", added: "+", removed: "−" };

/**
 * @param {readonly string[]} spans
 * @param {Marks} [marks]
 * @returns {Node[]}
 */
export function textNodes(spans, marks = []) {
  return pieces(spans, marks).map(([letter, text, marked]) => {
    const node = letter ? el("span", { class: `tok-${letter}`, text }) : document.createTextNode(text);
    return marked ? el("mark", {}, node) : node;
  });
}

/**
 * The button of a line's number; `data-side` and `data-line` are its place.
 * @param {"old" | "new"} side
 * @param {number} line
 */
function number(side, line) {
  const label = side === "old" ? t("Comment on old line {line}", { line }) : t("Comment on line {line}", { line });
  const attributes = { type: "button", tabindex: -1, "data-side": side, "data-line": line, "aria-label": label };
  return el("td", { class: "d-no" }, el("button", { ...attributes, text: String(line) }));
}

/** @param {Line} line @param {Marks | undefined} marks */
function code({ spans = [], ended = true, kind = "same" }, marks) {
  const note = ended ? null : el("span", { class: "d-unended", title: t("No line end at the end of the file"), text: "⌿" });
  if (note) note.append(el("span", { class: "visually-hidden", text: t("No line end at the end of the file") }));
  const sign = kind === "same" ? null : el("span", { class: "d-sign", text: SIGNS[kind] });
  return el("td", { class: `d-code d-${kind}` }, sign, ...textNodes(spans, marks), note);
}

/** @param {Line} line @param {Marks | undefined} marks */
function unified(line, marks) {
  const { kind = "same", old = 0, new: now = 0 } = line;
  // One button a line: of an unchanged one the new number, as everybody means it.
  const before = kind === "removed" ? number("old", old) : el("td", { class: "d-no", text: old ? String(old) : "" });
  const after = kind === "removed" ? el("td", { class: "d-no" }) : number("new", now);
  return el("tr", { class: `d-row-${kind}` }, before, after, code(line, marks));
}

/** @param {[Line | null, Line | null]} pair @param {Map<Line, Marks>} marks */
function split([left, right], marks) {
  const empty = () => [el("td", { class: "d-no d-none" }), el("td", { class: "d-code d-none" })];
  const same = (left?.kind ?? "same") === "same" && left === right;
  const before = left
    ? [same ? el("td", { class: "d-no", text: String(left.old) }) : number("old", left.old ?? 0), code(left, marks.get(left))]
    : empty();
  const after = right ? [number("new", right.new ?? 0), code(right, marks.get(right))] : empty();
  return el("tr", {}, ...before, ...after);
}

/**
 * Where lines were left out; `more` brings them, where that can be.
 * @param {number} columns @param {(() => void) | null} more
 */
function gap(columns, more) {
  const button = more && el("button", { class: "d-more", type: "button", onClick: more, text: t("Show more lines around") });
  return el("tr", { class: "d-gap" }, el("td", { colspan: columns }, button ?? "⋯"));
}

/**
 * @param {readonly Line[]} lines
 * @param {{ isSplit: boolean, label: string, before: Line | null, more: (() => void) | null }} how
 *   `before` is the line that stands before these, `more` asks for those that were left out.
 */
export function table(lines, { isSplit, label, before, more }) {
  const marks = marksOf(lines);
  const columns = isSplit ? 4 : 3;
  const body = el("tbody");
  let last = before;
  const place = (/** @type {Line | null} */ line, /** @type {HTMLElement} */ row) => {
    if (line && isAfterGap(last, line)) body.append(gap(columns, more));
    if (line) last = line;
    body.append(row);
  };
  if (isSplit) for (const pair of sideBySide(lines)) place(pair[1] ?? pair[0], split(pair, marks));
  else for (const line of lines) place(line, unified(line, marks.get(line)));
  const widths = isSplit ? ["d-no", "", "d-no", ""] : ["d-no", "d-no", ""];
  const group = el("colgroup", {}, ...widths.map((name) => el("col", { class: name })));
  return el("table", { class: `d-table ${isSplit ? "d-split" : "d-unified"}`, "aria-label": label }, group, body);
}

/** @param {Line | null} before @param {Line} line */
function isAfterGap(before, line) {
  if (!before) return (line.old ?? 1) > 1 && (line.new ?? 1) > 1;
  if (line.new && before.new) return line.new > before.new + 1;
  return Boolean(line.old && before.old && line.old > before.old + 1);
}
