/**
 * Words and numbers for people. Pure.
 *
 * @import { Message } from "./wire.js"
 */

import { t } from "./words.js";

/** @type {Record<string, { words: string, mood: "idle" | "working" | "trouble" }>} */
const AGENT_STATES = {
  Ready: { words: "Getting ready", mood: "idle" },
  WaitingForUserInput: { words: "Waiting for you", mood: "idle" },
  SendingToLLM: { words: "Asking the model", mood: "working" },
  ProcessingLLMResponse: { words: "Thinking", mood: "working" },
  EndOfTurn: { words: "Done", mood: "idle" },
  ToolUseRequested: { words: "Preparing tools", mood: "working" },
  CheckingForCancellation: { words: "Preparing tools", mood: "working" },
  RunningTool: { words: "Running tools", mood: "working" },
  CheckingGitCommits: { words: "Looking for commits", mood: "working" },
  RunningAutoformatters: { words: "Formatting", mood: "working" },
  CheckingBudget: { words: "Checking the budget", mood: "working" },
  GatheringAdditionalMessages: { words: "Reading your messages", mood: "working" },
  SendingToolResults: { words: "Reporting to the model", mood: "working" },
  Cancelled: { words: "Stopped", mood: "idle" },
  BudgetExceeded: { words: "Over budget", mood: "trouble" },
  Error: { words: "Something failed", mood: "trouble" },
  Compacting: { words: "Compacting the conversation", mood: "working" },
};

/** A state of a newer server is shown by its own name. @param {string} state */
export const agentState = (state) => AGENT_STATES[state] ?? { words: state, mood: /** @type {const} */ ("working") };

/** @param {string} state */
export const isWorking = (state) => agentState(state).mood === "working";

/** @param {number} ms */
export function duration(ms) {
  if (ms < 950) return `${Math.round(ms)} ms`;
  const seconds = ms / 1000;
  if (seconds < 9.95) return `${Number(seconds.toFixed(1))} s`;
  const whole = Math.round(seconds);
  if (whole < 60) return `${whole} s`;
  if (whole < 3600) return `${Math.floor(whole / 60)} m ${whole % 60} s`;
  return `${Math.floor(whole / 3600)} h ${Math.floor((whole % 3600) / 60)} m`;
}

/** @param {number} count */
export function tokens(count) {
  if (count < 1000) return String(count);
  if (count < 99_950) return `${(count / 1000).toFixed(1)}k`;
  if (count < 999_500) return `${Math.round(count / 1000)}k`;
  return `${(count / 1_000_000).toFixed(2)}M`;
}

/** @param {number} usd */
export function dollars(usd) {
  if (usd === 0) return "$0";
  if (usd < 0.01) return `$${usd.toFixed(4)}`;
  return `$${usd.toFixed(2)}`;
}

/** @param {string} rfc3339 */
export function clockTime(rfc3339) {
  const date = new Date(rfc3339);
  return Number.isNaN(date.valueOf()) ? "" : date.toLocaleTimeString([], { hour: "2-digit", minute: "2-digit" });
}

/** @param {string} rfc3339 @param {number} nowMs Unix milliseconds */
export function ago(rfc3339, nowMs) {
  const minutes = Math.floor((nowMs - Date.parse(rfc3339)) / 60_000);
  if (Number.isNaN(minutes)) return "";
  if (minutes < 1) return "just now";
  if (minutes < 60) return `${minutes} min ago`;
  if (minutes < 60 * 24) return `${Math.floor(minutes / 60)} h ago`;
  return `${Math.floor(minutes / (60 * 24))} d ago`;
}

/** The last `keep` parts of a path. @param {string} path @param {number} keep */
export function shortPath(path, keep) {
  const parts = path.split("/").filter(Boolean);
  return parts.length <= keep ? path : `…/${parts.slice(-keep).join("/")}`;
}

/** @param {string} text @returns {Record<string, unknown>} empty for what is no JSON object */
export function parseInput(text) {
  try {
    const value = JSON.parse(text);
    return value !== null && typeof value === "object" && !Array.isArray(value) ? value : {};
  } catch {
    return {};
  }
}

/** The fields that say most about a call, by what they are called, whichever tool it is. */
const TELLING = ["command", "pattern", "query", "path", "file", "url", "title", "prompt"];

// OSC to its end, CSI, other two-character sequences, then single controls but for tab and line feed.
const CONTROLS =
  /\x1b\][^\x07\x1b]*(?:\x07|\x1b\\)?|(?:\x1b\[|\x9b)[0-?]*[ -/]*[@-~]?|\x1b[ -~]?|[\x00-\x08\x0b-\x1f\x7f-\x9f]/g;

/** `text` as it reads without the terminal it was written for. @param {string} text */
export const plain = (text) => text.replaceAll("\r\n", "\n").replace(CONTROLS, "");

/**
 * What a tool was asked, on one line. @param {string} input JSON text as the model wrote it
 * @returns {string} the first line that says something; empty if none does
 */
export function toolLine(input) {
  const fields = parseInput(input);
  const tasks = fields.tasks ?? fields.items ?? fields.todo;
  if (Array.isArray(tasks)) return `${tasks.length} ${tasks.length === 1 ? "step" : "steps"}`;
  const telling = TELLING.map((name) => fields[name]).find((value) => typeof value === "string" && value !== "");
  const value = telling ?? Object.values(fields).find((each) => typeof each === "string" && each !== "");
  const lines = String(value ?? "")
    .trim()
    .split("\n");
  const line = lines.length > 1 ? `${lines[0]} …` : (lines[0] ?? "");
  const place = typeof fields.path === "string" && fields.path !== telling ? fields.path : "";
  return place && place !== "." ? `${line} in ${place}` : line;
}

/** A tool's input for reading: a command as it is, the rest as indented JSON. @param {string} input */
export function readableInput(input) {
  const fields = parseInput(input);
  const { command, ...rest } = fields;
  if (typeof command !== "string") return Object.keys(fields).length > 0 ? JSON.stringify(fields, null, 2) : input;
  return [command, ...Object.entries(rest).map(([name, value]) => `# ${name}: ${JSON.stringify(value)}`)].join("\n");
}

/**
 * What kept a tool call from finishing, for one that was stopped and did not fail: the wire's `display.by`.
 * @param {Message} message
 * @returns {"user" | "budget" | "restart" | "failure" | ""}
 */
export function stoppedBy(message) {
  const { kind, by } = message.display ?? {};
  if (kind !== "stopped") return "";
  return by === "user" || by === "budget" || by === "restart" ? by : "failure";
}

/**
 * What came of a tool's call, in a few words, as far as its display or its text tell; empty if there is nothing to tell.
 * @param {Message} message a tool's, which went well
 */
export function resultLine({ display = {}, tool_result = "" }) {
  const { kind, diff, matches, status } = display;
  if (kind === "diff" && typeof diff === "string") {
    const count = (/** @type {RegExp} */ sign) => diff.match(sign)?.length ?? 0;
    return `+${count(/^\+(?!\+\+ )/gm)} −${count(/^-(?!-- )/gm)}`;
  }
  if (kind === "search" && typeof matches === "number") {
    return matches === 1 ? t("1 match") : t("{count} matches", { count: matches });
  }
  if (kind === "web" && typeof status === "number") return String(status);
  const lines = plain(tool_result).trim().split("\n");
  if (lines.length > 1) return t("{count} lines", { count: lines.length });
  const [line = ""] = lines;
  return line.length <= LONGEST_RESULT ? line : `${line.slice(0, LONGEST_RESULT)}…`;
}

/** Characters of a result that are shown in a call's line. */
const LONGEST_RESULT = 40;

/** How long a message's work took, in words; empty where it does not say. @param {Message} message */
export function elapsed(message) {
  const nanoseconds = message.turnDuration || message.elapsed || 0;
  return nanoseconds > 0 ? duration(nanoseconds / 1e6) : "";
}
