/** @import { Line } from "../diff.js" */

import { el } from "../dom.js";
import { number } from "../format.js";
import { counted } from "../words.js";
import { parseDiff } from "../diff.js";

/** More lines than this would hold up the page; the rest is shown on demand. */
const LINES_AT_ONCE = 2000;

/**
 * Lines of a diff in their colours; lines of one kind that stand together share an element.
 * @param {readonly Line[]} lines
 * @returns {HTMLElement}
 */
function linesOf(lines) {
  const pre = el("pre", { class: "diff-lines", tabindex: 0 });
  const shown = lines.slice(0, LINES_AT_ONCE);
  for (let from = 0; from < shown.length;) {
    const kind = shown[from]?.kind;
    let to = from;
    while (to < shown.length && shown[to]?.kind === kind) to += 1;
    const text = shown
      .slice(from, to)
      .map((line) => line.text)
      .join("\n");
    pre.append(el("span", { class: `diff-${kind}`, text: `${text}\n` }));
    from = to;
  }
  if (lines.length > shown.length) {
    const rest = lines.slice(LINES_AT_ONCE);
    const more = el("button", { class: "button small", type: "button", text: counted("Show 1 more line", "Show {count} more lines", rest.length) });
    more.addEventListener("click", () => more.replaceWith(...linesOf(rest).childNodes));
    pre.append(more);
  }
  return pre;
}

/** A unified diff, file by file. @param {string} text @returns {HTMLElement} */
export function diffLines(text) {
  const { preamble, files } = parseDiff(text);
  const box = el("div", { class: "diff" });
  if (files.length === 0) {
    // A diff of one file without git's header, as tools write it.
    const bare = parseDiff(`diff --git a/ b/\n${text}`).files[0];
    box.append(linesOf(bare?.lines ?? []));
    return box;
  }
  if (preamble) box.append(el("pre", { class: "diff-preamble", text: preamble }));
  for (const file of files) {
    box.append(
      el(
        "details",
        { class: "diff-file", open: files.length <= 20 },
        el(
          "summary",
          {},
          el("span", { class: "diff-path", text: file.path }),
          el("span", { class: "diff-count diff-count-add", text: `+${number(file.added)}` }),
          el("span", { class: "diff-count diff-count-del", text: `−${number(file.removed)}` }),
        ),
        linesOf(file.lines),
      ),
    );
  }
  return box;
}
