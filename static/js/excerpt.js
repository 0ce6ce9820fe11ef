/**
 * What one tab tells another of a log, so that both hold the same. Pure, and by the server's own rules: who has the
 * beginning, and can prove it by a cursor, gets the rest; who cannot gets everything and drops what they have.
 *
 * @import { Draft, Kept, Log, Output } from "./reducer.js"
 * @import { State, Waiting } from "./wire.js"
 *
 * @typedef {{
 *   log: string, cursor: string, from: number, anew: boolean, announced: number, messages: readonly Kept[],
 *   state: State | null, draft: Draft | null, outputs: ReadonlyMap<string, Output>, waiting: readonly Waiting[],
 * }} Excerpt  `messages` are those from index `from` on; `anew`: drop what you have.
 */

import { countOf } from "./reducer.js";

/** Who begins anew is told the end; as much as the server tells who asks for it. */
export const TOLD_MESSAGES = 2000;

/**
 * What `log` holds after `cursor`; null where that cannot be said yet.
 * @param {Log} log
 * @param {string} cursor empty for someone who has nothing
 * @param {{ current: boolean, insist: boolean }} how
 *   `current`: `log` is all that the server has, as far as we know. `insist`: do not wait for us to catch up with `cursor`.
 * @returns {Excerpt | null}
 */
export function excerpt(log, cursor, { current, insist }) {
  if (log.log === "") return null;
  const place = placeOf(log, cursor);
  if (place < 0 && cursor) {
    // Not ours, and the reason may be that we are behind: only who has heard the server may say that it is wrong.
    const [theirs = "", count = ""] = cursor.split(".");
    if (!current || (theirs === log.log && Number(count) > countOf(log) && !insist)) return null;
  }
  const from = place < 0 ? Math.max(log.base, countOf(log) - TOLD_MESSAGES) : place;
  const { announced, state, draft, outputs, waiting } = log;
  const messages = log.messages.slice(from - log.base);
  return { log: log.log, cursor: log.cursor, from, anew: place < 0, announced, messages, state, draft, outputs, waiting };
}

/**
 * `log` with what another tab told, or null where that does not continue it.
 * @param {Log} log
 * @param {Excerpt} told
 * @returns {Log | null}
 */
export function adopt(log, told) {
  const { log: identity, cursor, from, anew, announced, state, draft, outputs, waiting = [] } = told;
  const level = { log: identity, cursor, announced, state, draft, outputs, waiting };
  if (anew) {
    const generation = log.log === "" ? log.generation : log.generation + 1;
    return { ...level, generation, base: from, messages: told.messages };
  }
  if (identity !== log.log || from !== countOf(log)) return null;
  const messages = told.messages.length > 0 ? [...log.messages, ...told.messages] : log.messages;
  return { ...level, generation: log.generation, base: log.base, messages };
}

/** The index after `cursor`, if it is a place in `log`; else -1. @param {Log} log @param {string} cursor */
function placeOf(log, cursor) {
  // A log that is asked for anew has no cursor either.
  if (cursor === "") return -1;
  if (cursor === log.cursor) return countOf(log);
  const [identity, count = ""] = cursor.split(".");
  const place = Number(count);
  if (identity !== log.log || !/^\d+$/.test(count)) return -1;
  // All logs begin alike, so the beginning proves itself.
  if (place === 0 && log.base === 0) return 0;
  return log.messages[place - 1 - log.base]?.cursor === cursor ? place : -1;
}
