/**
 * The keys of the page, as a table: what is listened to is what the list of them shows.
 *
 * @typedef {{ keys: readonly string[], what: string, fits?: (event: KeyPress) => boolean, does?: Action }} Shortcut
 *   `what` is English, for `t`. Without `fits`, an element listens by itself.
 * @typedef {"palette" | "next" | "previous" | "travel" | "shortcuts"} Action
 * @typedef {Pick<KeyboardEvent, "key" | "ctrlKey" | "metaKey" | "altKey" | "shiftKey">} KeyPress
 */

/** @param {KeyPress} event */
const plain = ({ ctrlKey, metaKey, altKey }) => !ctrlKey && !metaKey && !altKey;
/** @param {KeyPress} event */
const altOnly = ({ ctrlKey, metaKey, altKey, shiftKey }) => altKey && !ctrlKey && !metaKey && !shiftKey;

/** @type {readonly Shortcut[]} */
export const SHORTCUTS = [
  {
    keys: ["Ctrl", "K"],
    what: "Find a session or a message",
    fits: (event) => (event.ctrlKey || event.metaKey) && !event.altKey && !event.shiftKey && event.key.toLowerCase() === "k",
    does: "palette",
  },
  { keys: ["Alt", "↓"], what: "Next session", fits: (event) => altOnly(event) && event.key === "ArrowDown", does: "next" },
  { keys: ["Alt", "↑"], what: "Previous session", fits: (event) => altOnly(event) && event.key === "ArrowUp", does: "previous" },
  {
    keys: ["Alt", "T"],
    what: "Look back through the session",
    // A Mac writes a dagger with it.
    fits: (event) => altOnly(event) && ["t", "†"].includes(event.key.toLowerCase()),
    does: "travel",
  },
  { keys: ["?"], what: "These shortcuts", fits: (event) => plain(event) && event.key === "?", does: "shortcuts" },
  { keys: ["Enter"], what: "Send the message" },
  { keys: ["Shift", "Enter"], what: "Begin a new line" },
  { keys: ["↑"], what: "In an empty field: what you said before" },
  { keys: ["@"], what: "Complete the name of a file" },
  { keys: ["/"], what: "Complete a command, at the beginning" },
  { keys: ["Esc"], what: "Close what is open" },
];

/**
 * What a key press asks for; null where nothing.
 * @param {KeyPress} event
 * @param {boolean} writing whether it goes into a field
 * @returns {Action | null}
 */
export function actionOf(event, writing) {
  const found = SHORTCUTS.find(({ fits }) => fits?.(event));
  // A question mark is something to write, too.
  return (found?.does === "shortcuts" && writing ? null : found?.does) ?? null;
}

/** Whether what is typed there is text. @param {EventTarget | null} target */
export function isField(target) {
  return target instanceof Element && target.closest("input, textarea, select, [contenteditable]") !== null;
}

/** @param {EventTarget | null} target */
export const isTerminal = (target) => target instanceof Element && target.closest(".xterm") !== null;
