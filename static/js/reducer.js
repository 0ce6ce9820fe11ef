/**
 * What the client holds of a log, and how events change it. Pure: a batch of events gives a new Log, the old one stays.
 *
 * Rules: a message is applied if its `idx` is the next, dropped if it is known, and if it lies beyond the next then
 * something is missing and the stream must be reopened (`resync`). The cursor is the id of the last message applied, or
 * of the `ready` or `reset` that the connection began with. Text still being written is a level, not a queue: offset 0
 * replaces, an offset that meets the end appends, and anything else is a gap.
 *
 * A batch, not an event, is the unit: copying the list once per message would cost the square of a long log.
 *
 * Only the end of the log is kept here: where it has grown beyond a bound its older half goes, so that a page that is open
 * all day stays as small as it was. What is before `base` can be fetched (`history.js`); messages never change.
 *
 * @import { Message, State, StreamEvent, Waiting } from "./wire.js"
 *
 * @typedef {Message & { cursor: string, size: number }} Kept
 *   `cursor` is the place after the message, `size` the characters it came in.
 * @typedef {{ text: string, length: number }} Written  `length` counts Unicode code points, as the server does.
 * @typedef {{ idx: number, content: Written, thinking: Written }} Draft
 * @typedef {{ text: string, end: number }} Output  the end of a running tool's output; `end` is the offset after it
 * @typedef {{
 *   generation: number, log: string, cursor: string, base: number, announced: number, messages: readonly Kept[],
 *   state: State | null, draft: Draft | null, outputs: ReadonlyMap<string, Output>, waiting: readonly Waiting[],
 * }} Log
 *   `messages[i].idx === base + i`; the log begins at 0, not at `base`. `generation` counts how often everything was dropped. `announced` is how many
 *   messages the log had when the connection began.
 */

import { isWorking } from "./format.js";

/** Characters of a running tool's output that are kept; the whole of it comes with the tool's message. */
export const OUTPUT_CHARS = 32 * 1024;

/** Of the log's end, so many messages are kept at most, and of so many characters. */
export const KEPT_MESSAGES = 4096;
export const KEPT_CHARS = 32 * 1024 * 1024;

/** @type {Log} */
export const EMPTY = {
  generation: 0,
  log: "",
  cursor: "",
  base: 0,
  announced: 0,
  messages: [],
  state: null,
  draft: null,
  outputs: new Map(),
  waiting: [],
};

/** The index that the next message must have. @param {Log} log */
export const countOf = (log) => log.base + log.messages.length;

/**
 * @param {Log} log
 * @param {readonly StreamEvent[]} events
 * @returns {{ log: Log, resync: boolean }}  With `resync`, events from the misfit on were not applied.
 */
export function reduce(log, events) {
  const next = { ...log };
  /** @type {Kept[]} */
  let fresh = [];
  const settle = () => {
    if (fresh.length > 0) {
      next.messages = [...next.messages, ...fresh];
      trim(next);
    }
    fresh = [];
  };
  for (const { event, data, id } of events) {
    let fits = true;
    if (event === "message") fits = applyMessage(next, fresh, { ...JSON.parse(data), size: data.length }, id);
    else if (event === "delta") fits = applyDelta(next, countOf(next) + fresh.length, JSON.parse(data));
    else if (event === "tool") applyOutput(next, JSON.parse(data));
    else if (event === "state") applyState(next, JSON.parse(data));
    else if (event === "prompts") next.waiting = JSON.parse(data).waiting;
    else if (event === "reset") {
      fresh = [];
      restart(next, JSON.parse(data), id);
    } else if (event === "ready") {
      settle();
      fits = applyReady(next, JSON.parse(data), id);
    }
    if (!fits) {
      settle();
      return { log: next, resync: true };
    }
  }
  settle();
  return { log: next, resync: false };
}

/** @param {Log} next */
function trim(next) {
  const { messages } = next;
  let size = messages.reduce((sum, each) => sum + each.size, 0);
  if (messages.length <= KEPT_MESSAGES && size <= KEPT_CHARS) return;
  let gone = 0;
  // By halves, so that this comes seldom; the last message stays, however large it is.
  while (gone < messages.length - 1 && (messages.length - gone > KEPT_MESSAGES / 2 || size > KEPT_CHARS / 2)) {
    size -= messages[gone]?.size ?? 0;
    gone += 1;
  }
  next.messages = messages.slice(gone);
  next.base += gone;
}

/** @param {Log} next @param {{ log: string, from?: number }} data @param {string} id */
function restart(next, { log, from = 0 }, id) {
  next.generation += 1;
  // In the middle of a connection: what its `ready` told of was another log.
  if (log !== next.log) next.announced = from;
  next.log = log;
  next.base = from;
  next.cursor = id;
  next.messages = [];
  next.draft = null;
  next.outputs = new Map();
  next.waiting = [];
}

/** @param {Log} next @param {{ log: string, from: number, count: number }} data @param {string} id */
function applyReady(next, data, id) {
  if (next.log !== "" && data.log !== next.log) restart(next, data, id);
  // A new connection tells again what is being written, and what waits; what the old one told may be over meanwhile.
  next.draft = null;
  next.outputs = new Map();
  next.waiting = [];
  const fresh = next.log === "";
  next.log = data.log;
  next.announced = data.count;
  if (fresh) next.base = data.from;
  if (data.from > countOf(next)) {
    // The server begins after what we have, and we never asked for that: ask again from the start. If it does so then, too,
    // that is where the log begins: what was before has been removed.
    const asked = next.cursor !== "";
    restart(next, asked ? { log: data.log } : data, asked ? "" : id);
    return !asked;
  }
  if (data.from === countOf(next)) next.cursor = id;
  return true;
}

/** @param {Log} next @param {Kept[]} fresh @param {Message & { size: number }} message @param {string} id */
function applyMessage(next, fresh, message, id) {
  const count = countOf(next) + fresh.length;
  if (message.idx < count) return true;
  if (message.idx > count) return false;
  // The place after each message stays known: another tab may say that it is there, and ask for the rest.
  fresh.push({ ...message, cursor: id });
  next.cursor = id;
  if (next.draft && next.draft.idx <= message.idx) next.draft = null;
  if (message.tool_call_id && next.outputs.has(message.tool_call_id)) {
    const outputs = new Map(next.outputs);
    outputs.delete(message.tool_call_id);
    next.outputs = outputs;
  }
  return true;
}

/** @param {Log} next @param {State} state */
function applyState(next, state) {
  next.state = state;
  // Nobody is writing any more: what no message took over was given up.
  if (!isWorking(state.agent_state)) {
    next.draft = null;
    if (next.outputs.size > 0) next.outputs = new Map();
  }
}

/** @type {Written} */
const NOTHING = { text: "", length: 0 };

/**
 * @param {Log} next
 * @param {number} count
 * @param {{ idx: number, part: "content" | "thinking", offset: number, text: string }} delta
 */
function applyDelta(next, count, { idx, part, offset, text }) {
  if (idx < count) return true;
  const draft = next.draft?.idx === idx ? next.draft : { idx, content: NOTHING, thinking: NOTHING };
  const written = draft[part];
  if (offset === 0) next.draft = { ...draft, [part]: { text, length: codePoints(text) } };
  else if (offset === written.length) {
    next.draft = { ...draft, [part]: { text: written.text + text, length: written.length + codePoints(text) } };
  } else return false;
  return true;
}

/** @param {Log} next @param {{ tool_call_id: string, offset: number, text: string }} data */
function applyOutput(next, { tool_call_id, offset, text }) {
  const known = next.outputs.get(tool_call_id);
  const end = offset + codePoints(text);
  // The server keeps only the end of the output, so one that does not go on from ours simply replaces it.
  const whole = known && known.end === offset ? known.text + text : text;
  const outputs = new Map(next.outputs);
  outputs.set(tool_call_id, { text: whole.slice(-OUTPUT_CHARS), end });
  next.outputs = outputs;
}

/** How many code points `text` has; a string's length counts those beyond U+FFFF twice. @param {string} text */
export function codePoints(text) {
  let count = text.length;
  for (let i = 0; i < text.length - 1; i++) {
    if ((text.charCodeAt(i) & 0xfc00) === 0xd800 && (text.charCodeAt(i + 1) & 0xfc00) === 0xdc00) {
      count -= 1;
      i += 1;
    }
  }
  return count;
}
