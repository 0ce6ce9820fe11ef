/**
 * Text that arrives piece by piece, in an element that shows line ends as they are. Only what is new is added, and what came
 * long ago stands in parts of its own: else every piece would have the browser lay the whole answer out again.
 *
 * Together the parts hold the text as it may be shown, character by character; each but the last ends with a line's end.
 */

import { inProse } from "../shown.js";

/** A part longer than this is closed at the next end of a line. */
const PART_CHARS = 2000;

/** @type {WeakMap<Element, string>} */
const shown = new WeakMap();

/**
 * Makes `element` show `written`; nobody else may change what is in it.
 * @param {Element} element
 * @param {string} written
 */
export function grow(element, written) {
  // Of the whole: whether a character hides may depend on the one before it, which may have come before.
  const text = inProse(written);
  let known = shown.get(element) ?? "";
  if (known === text) return;
  shown.set(element, text);
  if (!text.startsWith(known)) {
    element.replaceChildren();
    known = "";
  }
  for (let at = known.length; at < text.length; ) {
    const last = element.lastElementChild?.firstChild;
    const open = last instanceof Text && !(last.length > PART_CHARS && last.data.endsWith("\n")) ? last : addPart(element);
    const line = text.indexOf("\n", at + Math.max(0, PART_CHARS - open.length));
    const end = line < 0 ? text.length : line + 1;
    open.appendData(text.slice(at, end));
    at = end;
  }
}

/** @param {Element} element */
function addPart(element) {
  const part = document.createElement("div");
  const text = new Text();
  part.className = "part";
  part.append(text);
  element.append(part);
  return text;
}
