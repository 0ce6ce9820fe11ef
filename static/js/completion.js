/**
 * What is being typed that the page can complete: a file's name after an `@`, a command after a `/` at the very beginning. Pure.
 *
 * @typedef {{ kind: "file" | "command", from: number, to: number, typed: string }} Completing
 *   The text [from, to) is what a choice replaces; `typed` is what the choices must fit.
 */

/** The commands of `core/commands.py`, each with a line of help, English, for `t`. @type {readonly { name: string, help: string }[]} */
export const COMMANDS = [
  { name: "compact", help: "Sum up the conversation for the model; the log keeps everything" },
  { name: "model", help: "Go on with another model; without a name, say which one it is" },
  { name: "pull", help: "Merge what you have committed since into the session's clone" },
  { name: "base", help: "Count what changed from a commit on; without one, from HEAD" },
];

/** Longer than that nobody types a name, and the server would not take it as an address. */
const MAX_TYPED = 200;

/**
 * What is being typed before `caret`; null where nothing can be completed.
 * @param {string} text
 * @param {number} caret
 * @returns {Completing | null}
 */
export function completionAt(text, caret) {
  const before = text.slice(0, caret);
  const command = /^\/(\w*)$/.exec(before);
  if (command) return { kind: "command", from: 0, to: caret, typed: command[1] ?? "" };
  // Not within a word: an address of mail names no file.
  const file = /(?:^|[\s("'`])@([^\s@"'`]*)$/.exec(before);
  const typed = file?.[1] ?? "";
  if (!file || typed.length > MAX_TYPED) return null;
  return { kind: "file", from: caret - typed.length - 1, to: caret, typed };
}

/** The commands that begin so. @param {string} typed */
export const commandsFor = (typed) => COMMANDS.filter(({ name }) => name.startsWith(typed.toLowerCase()));

/**
 * `text` with the choice in its place, and where the caret stands then.
 * @param {string} text
 * @param {Completing} completing
 * @param {string} chosen a path, or a command's name
 */
export function completed(text, { kind, from, to }, chosen) {
  const name = kind === "command" ? `/${chosen}` : /\s/.test(chosen) ? `@"${chosen}"` : `@${chosen}`;
  const rest = text.slice(to);
  const gap = /^\s/.test(rest) ? "" : " ";
  const caret = from + name.length + 1;
  return { text: text.slice(0, from) + name + gap + rest, caret };
}
