/**
 * A unified diff as files and lines. Pure.
 *
 * @typedef {"add" | "del" | "hunk" | "same" | "note"} LineKind
 * @typedef {{ kind: LineKind, text: string }} Line
 * @typedef {{ path: string, added: number, removed: number, lines: Line[] }} FileDiff
 */

/**
 * What stands before the first file (a commit's header) is returned as `preamble`.
 * @param {string} text
 * @returns {{ preamble: string, files: FileDiff[] }}
 */
export function parseDiff(text) {
  /** @type {FileDiff[]} */
  const files = [];
  /** @type {string[]} */
  const preamble = [];
  let inHunk = false;
  for (const line of text.replace(/\n$/, "").split("\n")) {
    if (line.startsWith("diff --git ")) {
      files.push({ path: pathOf(line), added: 0, removed: 0, lines: [] });
      inHunk = false;
      continue;
    }
    const file = files.at(-1);
    if (!file) {
      preamble.push(line);
      continue;
    }
    if (line.startsWith("@@")) inHunk = true;
    const kind = inHunk ? kindOf(line) : "note";
    if (kind === "note" && /^(index|---|\+\+\+) /.test(line)) continue;
    if (kind === "add") file.added += 1;
    if (kind === "del") file.removed += 1;
    file.lines.push({ kind, text: line });
  }
  return { preamble: preamble.join("\n").trim(), files };
}

/** @param {string} line of a hunk @returns {LineKind} */
function kindOf(line) {
  if (line.startsWith("@@")) return "hunk";
  if (line.startsWith("+")) return "add";
  if (line.startsWith("-")) return "del";
  return line.startsWith("\\") ? "note" : "same";
}

/** @param {string} line `diff --git a/PATH b/PATH` */
function pathOf(line) {
  const rest = line.slice("diff --git ".length);
  const at = rest.lastIndexOf(" b/");
  return at < 0 ? rest : rest.slice(at + 3);
}
