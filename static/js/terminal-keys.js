/**
 * What the keys on the screen type, for keyboards that have none of them. Source: xterm's ctlseqs ("PC-Style Function Keys"). Pure.
 */

/** @type {Record<string, string>} */
const ARROWS = { ArrowUp: "A", ArrowDown: "B", ArrowRight: "C", ArrowLeft: "D" };
/** @type {Record<string, string>} */
const OTHERS = { Escape: "\x1b", Tab: "\t" };

/** @param {string} key its name, or what it types @param {boolean} isControl @param {boolean} isApplication what DECCKM says */
export function sequenceOf(key, isControl, isApplication) {
  const arrow = ARROWS[key];
  if (arrow) return isControl ? `\x1b[1;5${arrow}` : `\x1b${isApplication ? "O" : "["}${arrow}`;
  return OTHERS[key] ?? (isControl ? withControl(key) : key);
}

/**
 * The first character of `text` as it is with Ctrl, the rest as it is: a keyboard on a screen may give whole words at once.
 * @param {string} text
 */
export function withControl(text) {
  const code = text.toUpperCase().charCodeAt(0);
  // From @ to _, with the letters between; and what has always stood for NUL and DEL.
  if (code >= 0x40 && code <= 0x5f) return String.fromCharCode(code & 0x1f) + text.slice(1);
  if (code === 0x20) return `\0${text.slice(1)}`;
  if (code === 0x3f) return `\x7f${text.slice(1)}`;
  return text;
}
