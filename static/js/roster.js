/**
 * All sessions of the server, as the event `sessions` tells of them. Pure.
 *
 * @import { SessionSummary, StreamEvent } from "./wire.js"
 *
 * @typedef {{ sessions: readonly SessionSummary[], total: number }} Roster
 *   `sessions` newest first; `total` is how many there are, for only the newest are told of without being asked for.
 * @typedef {{ sessions: SessionSummary[], gone: string[], whole: boolean, total: number }} Told
 */

/** What is known after `events`. @param {Roster | null} roster @param {readonly StreamEvent[]} events */
export function takeRoster(roster, events) {
  for (const { event, data } of events) if (event === "sessions") roster = applyTold(roster, JSON.parse(data));
  return roster;
}

/** @param {Roster | null} roster @param {Told} told @returns {Roster | null} */
function applyTold(roster, { sessions, gone, whole, total }) {
  if (whole) return { sessions, total };
  // A change of what we have not been told: the connection that tells all comes first, so this is not ours.
  if (!roster) return null;
  const changed = new Map(sessions.map((each) => [each.session_id, each]));
  const left = roster.sessions.filter(({ session_id }) => !gone.includes(session_id));
  const known = new Set(left.map(({ session_id }) => session_id));
  const newest = left[0]?.created ?? "";
  const fresh = sessions.filter(({ session_id }) => !known.has(session_id));
  // One that is new to us need not be new: it may be older than those that we were told of.
  return {
    sessions: [
      ...fresh.filter(({ created }) => created >= newest).reverse(),
      ...left.map((each) => changed.get(each.session_id) ?? each),
      ...fresh.filter(({ created }) => created < newest),
    ],
    total,
  };
}

/**
 * The session `steps` below that of `sessionId` in the list that is shown; null where there is none.
 * @param {Roster | null} roster
 * @param {string} sessionId
 * @param {number} steps below 0 = above
 */
export function neighbour(roster, sessionId, steps) {
  const shown = (roster?.sessions ?? []).filter((each) => !each.archived || each.session_id === sessionId);
  const at = shown.findIndex((each) => each.session_id === sessionId);
  return (at < 0 ? shown[0] : shown[at + steps]) ?? null;
}
