/**
 * What the agent does, in words and in mood, for all that tell of it.
 *
 * @import { Log } from "./reducer.js"
 * @import { Snapshot } from "./store.js"
 * @import { SessionSummary } from "./wire.js"
 * @import { World } from "./stream.js"
 *
 * @typedef {"idle" | "working" | "asks" | "trouble"} Mood
 * @typedef {{ words: string, mood: Mood, atOnce: boolean }} Doing  `atOnce`: the user waits to see just this
 */

import { agentState, ago } from "./format.js";
import { t } from "./words.js";

/** The tool by which the agent asks the user. */
export const ASKING_TOOL = "ask_user";

/** Whether the agent waits for the user's answer. @param {Log} log */
export function isAsking({ state, messages }) {
  if (state?.agent_state !== "RunningTool") return false;
  return state.outstanding_tool_calls.includes(ASKING_TOOL) || hasOpenQuestion(messages);
}

/** Of the calls that run now; they come after the words in which the agent made them. @param {Log["messages"]} messages */
function hasOpenQuestion(messages) {
  const answered = new Set();
  for (let at = messages.length - 1; at >= 0; at--) {
    const message = messages[at];
    if (!message || (message.type === "agent" && !message.parent_conversation_id)) return false;
    if (message.type === "tool") answered.add(message.tool_call_id);
    else if (message.display?.kind === "question") return !answered.has(message.display.tool_call_id);
  }
  return false;
}

/** Null where nobody has told yet. @param {Pick<Snapshot, "log" | "stopping">} snapshot @returns {Doing | null} */
export function doingOf({ log, stopping }) {
  const { state, draft } = log;
  if (!state) return null;
  const { words, mood } = agentState(state.agent_state);
  const tools = state.agent_state === "RunningTool" ? [...new Set(state.outstanding_tool_calls)] : [];
  if (state.session_ended) return { words: t("Session ended"), mood: "idle", atOnce: true };
  if (stopping) return { words: t("Stopping…"), mood, atOnce: true };
  if (isAsking(log)) return { words: t("Waits for your answer"), mood: "asks", atOnce: true };
  if (mood !== "working") return { words, mood, atOnce: true };
  if (tools.length > 0) return { words: t("Running {tools}", { tools: tools.join(", ") }), mood, atOnce: false };
  return { words: draft?.content.text ? t("Answering") : words, mood, atOnce: false };
}

/** Of a session that is not on screen: as the list of all of them tells it. @param {SessionSummary} session @returns {Pick<Doing, "words" | "mood">} */
export const doingOfListed = ({ agent_state: state, asks }) => (asks ? { words: t("Waits for your answer"), mood: "asks" } : agentState(state));

/** What there is to say of it: what it does, or how long ago it did something. @param {SessionSummary} session @param {Pick<Doing, "words" | "mood">} doing */
export function noteOfListed(session, doing) {
  if (session.damaged) return t("damaged");
  if (session.ended) return t("ended");
  if (doing.mood === "working" || doing.mood === "asks") return doing.words;
  return ago(session.updated || session.created, Date.now());
}

/** What does not last so long is not worth a word. */
export const LASTING_MS = 300;
/** Where nothing lasts, this often there is one all the same. */
export const LATEST_MS = 900;

/**
 * The same, fit to be read: an agent at work goes through many states in a second. What the user waits for is told at once: that
 * it is idle, asks, is being stopped, or that something went wrong.
 */
export class SteadyDoing {
  /** @param {Pick<World, "now" | "setTimer" | "clearTimer">} world @param {() => void} onChange */
  constructor(world, onChange) {
    this.#world = world;
    this.#onChange = onChange;
  }

  #world;
  #onChange;
  /** @type {Doing | null} */
  #shown = null;
  /** @type {Doing | null} What is to be shown if it lasts. */
  #next = null;
  /** When it was first something else than what is shown. */
  #sinceMs = 0;
  /** @type {unknown} */
  #timer;

  /** What to show of it now. @param {Pick<Snapshot, "log" | "stopping">} snapshot */
  see(snapshot) {
    const doing = doingOf(snapshot);
    if (!doing || !this.#shown || doing.atOnce || same(doing, this.#shown)) this.#show(doing);
    else if (!this.#next || !same(doing, this.#next)) this.#wait(doing);
    return this.#shown;
  }

  /** @param {Doing | null} doing */
  #show(doing) {
    this.#world.clearTimer(this.#timer);
    this.#shown = doing;
    this.#next = null;
  }

  /** @param {Doing} doing */
  #wait(doing) {
    const now = this.#world.now();
    if (!this.#next) this.#sinceMs = now;
    this.#next = doing;
    this.#world.clearTimer(this.#timer);
    this.#timer = this.#world.setTimer(
      () => {
        this.#show(doing);
        this.#onChange();
      },
      Math.max(0, Math.min(LASTING_MS, this.#sinceMs + LATEST_MS - now)),
    );
  }
}

/** @param {Doing} one @param {Doing} other */
const same = (one, other) => one.words === other.words && one.mood === other.mood;
