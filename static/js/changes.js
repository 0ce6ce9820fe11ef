/**
 * Changes as data: the tree of their files, and comments as a prompt. Pure.
 *
 * @typedef {"same" | "added" | "removed"} Kind
 * @typedef {"added" | "copied" | "deleted" | "modified" | "renamed" | "retyped"} Status
 * @typedef {{
 *   path: string, quoted: string, old_path: string, old_quoted: string, status: Status, old_mode: string, new_mode: string,
 *   added: number, removed: number, binary: boolean, old_bytes: number, new_bytes: number, version: string,
 * }} ChangedFile
 *   `quoted` names the file to the server; `path` is for people, and two files may read alike.
 * @typedef {{
 *   files: ChangedFile[], more: number, added: number, removed: number, commits: { hash: string, subject: string }[],
 * }} Changes  `commits` are those since the start, newest first
 * @typedef {{ kind?: Kind, old?: number, new?: number, spans?: string[], ended?: boolean }} Line
 *   `spans` are a letter (what it is) and a text by turns.
 * @typedef {{ file: ChangedFile, start: number, count: number, lines: Line[], whole: boolean, cut: boolean }} ChangedLines
 * @typedef {{
 *   path: string, quoted: string, size: number, binary: boolean, start: number, count: number, lines: string[][], cut: boolean,
 * }} FileLines
 * @typedef {{
 *   id: string, at: number, key: string, path: string, commit: string, side: "old" | "new", line: number, quote: string, text: string,
 * }} Comment  `key` is the file's, see `keyOf`; `at` is when it was begun, in Unix milliseconds
 * @typedef {{ name: string, files: ChangedFile[], folders: Folder[] }} Folder  `name` may be several folders, `a/b`
 */

/** A file as long as the page lives, also when it changes. @param {ChangedFile} file */
export const keyOf = (file) => `${file.old_quoted}\n${file.quoted}`;

/** @param {string[] | undefined} spans */
export const textOf = (spans = []) => spans.filter((_, at) => at % 2).join("");

/** Folders in the order of their files; one that holds nothing but another is one with it. @param {readonly ChangedFile[]} files */
export function treeOf(files) {
  /** @type {Folder} */
  const root = { name: "", files: [], folders: [] };
  for (const file of files) {
    let folder = root;
    for (const name of file.path.split("/").slice(0, -1)) {
      let below = folder.folders.find((each) => each.name === name);
      if (!below) folder.folders.push((below = { name, files: [], folders: [] }));
      folder = below;
    }
    folder.files.push(file);
  }
  root.folders = root.folders.map(joined);
  return root;
}

/** The files as a tree has them from top to bottom. @param {Folder} folder @returns {ChangedFile[]} */
export const filesOf = ({ folders, files }) => [...folders.flatMap(filesOf), ...files];

/** @param {Folder} folder @returns {Folder} */
function joined(folder) {
  const [only, ...others] = folder.folders;
  if (only && others.length === 0 && folder.files.length === 0) {
    return joined({ ...only, name: `${folder.name}/${only.name}` });
  }
  return { ...folder, folders: folder.folders.map(joined) };
}

/**
 * Comments as what the agent is asked: the place, the line, what is to be said of it.
 * @param {readonly Comment[]} comments
 */
export function promptOf(comments) {
  const parts = comments.map(({ path, line, side, commit, quote, text }) => {
    const when = [side === "old" ? "before the change" : "", commit ? `commit ${commit.slice(0, 8)}` : ""].filter(Boolean);
    const where = `${path}:${line}${when.length > 0 ? ` (${when.join(", ")})` : ""}`;
    return `${where}\n> ${quote.trim()}\n${text.trim()}`;
  });
  return parts.join("\n\n");
}
