/**
 * What a search has found, as it is to be read.
 *
 * @import { MessageType } from "./wire.js"
 */

/**
 * A part of a found message. What a tool was asked is JSON, where white space is written as \n and the like: it is shown as a
 * space, and so are several together. A backslash that is meant stays.
 * @param {string} text
 * @param {MessageType} type of the message
 */
export function legible(text, type) {
  if (type !== "tool") return text;
  return text.replace(/\\\\|(\\[nrt])+/g, (found) => (found === "\\\\" ? found : " "));
}
