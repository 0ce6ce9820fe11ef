/**
 * Words and numbers for people. Pure.
 *
 * @import { Message } from "./wire.js"
 */

import { inCode } from "./shown.js";
import { counted, locale, t } from "./words.js";

/** In English, for `t`. @type {Record<string, { words: string, mood: "idle" | "working" | "trouble" }>} */
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
export function agentState(state) {
  const { words, mood } = AGENT_STATES[state] ?? { words: state, mood: /** @type {const} */ ("working") };
  return { words: t(words), mood };
}

/** @param {string} state */
export const isWorking = (state) => (AGENT_STATES[state]?.mood ?? "working") === "working";

/** @type {Map<string, Intl.NumberFormat>} Making one takes longer than all that it does. */
const FORMATS = new Map();

/** A number as the reader writes it. @param {number} value @param {Intl.NumberFormatOptions} options */
export function number(value, options = {}) {
  const key = `${locale()} ${JSON.stringify(options)}`;
  let format = FORMATS.get(key);
  if (!format) FORMATS.set(key, (format = new Intl.NumberFormat(locale(), options)));
  return format.format(value);
}

/** @param {number} ms */
export function duration(ms) {
  if (ms < 950) return t("{count} ms", { count: number(Math.round(ms)) });
  const seconds = ms / 1000;
  if (seconds < 9.95) return t("{count} s", { count: number(seconds, { maximumFractionDigits: 1 }) });
  const whole = Math.round(seconds);
  if (whole < 60) return t("{count} s", { count: number(whole) });
  if (whole < 3600) return t("{minutes} m {seconds} s", { minutes: number(Math.floor(whole / 60)), seconds: number(whole % 60) });
  const minutes = number(Math.floor((whole % 3600) / 60));
  return t("{hours} h {minutes} m", { hours: number(Math.floor(whole / 3600)), minutes });
}

/** @param {number} count */
export const tokens = (count) => number(count, { notation: "compact", maximumSignificantDigits: 3 });

/** @param {number} part of 1 */
export const percent = (part) => number(part, { style: "percent" });

/** @param {number} bytes */
export function sizeOf(bytes) {
  const unit = bytes < 1000 ? 0 : Math.min(Math.floor(Math.log10(bytes) / 3), 4);
  return `${number(bytes / 1000 ** unit, { maximumFractionDigits: 1 })} ${["B", "kB", "MB", "GB", "TB"][unit]}`;
}

/** @param {number} usd */
export function dollars(usd) {
  const digits = usd === 0 ? 0 : usd < 0.01 ? 4 : 2;
  const fraction = { minimumFractionDigits: digits, maximumFractionDigits: digits };
  return number(usd, { style: "currency", currency: "USD", currencyDisplay: "narrowSymbol", ...fraction });
}

/** @param {string} rfc3339 */
export function clockTime(rfc3339) {
  const date = new Date(rfc3339);
  return Number.isNaN(date.valueOf()) ? "" : date.toLocaleTimeString(locale(), { hour: "2-digit", minute: "2-digit" });
}

/** @param {string} rfc3339 @param {number} nowMs Unix milliseconds */
export function ago(rfc3339, nowMs) {
  const minutes = Math.floor((nowMs - Date.parse(rfc3339)) / 60_000);
  if (Number.isNaN(minutes)) return "";
  if (minutes < 1) return t("just now");
  const past = new Intl.RelativeTimeFormat(locale(), { style: "short" });
  if (minutes < 60) return past.format(-minutes, "minute");
  if (minutes < 60 * 24) return past.format(-Math.floor(minutes / 60), "hour");
  return past.format(-Math.floor(minutes / (60 * 24)), "day");
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
export const plain = (text) => inCode(text.replaceAll("\r\n", "\n").replace(CONTROLS, ""));

/**
 * What a tool was asked, on one line. @param {string} input JSON text as the model wrote it
 * @returns {string} the first line that says something, as it may be shown; empty if none does
 */
export function toolLine(input) {
  const fields = parseInput(input);
  const tasks = fields.tasks ?? fields.items ?? fields.todo;
  if (Array.isArray(tasks)) return counted("1 step", "{count} steps", tasks.length);
  const telling = TELLING.map((name) => fields[name]).find((value) => typeof value === "string" && value !== "");
  const value = telling ?? Object.values(fields).find((each) => typeof each === "string" && each !== "");
  const lines = String(value ?? "")
    .trim()
    .split("\n");
  const line = inCode(lines.length > 1 ? `${lines[0]} …` : (lines[0] ?? ""));
  const place = typeof fields.path === "string" && fields.path !== telling ? inCode(fields.path) : "";
  return place && place !== "." ? t("{line} in {place}", { line, place }) : line;
}

/** A tool's input for reading: a command as it is, the rest as indented JSON. @param {string} input */
export function readableInput(input) {
  const fields = parseInput(input);
  const { command, ...rest } = fields;
  if (typeof command !== "string") return inCode(Object.keys(fields).length > 0 ? JSON.stringify(fields, null, 2) : input);
  return inCode([command, ...Object.entries(rest).map(([name, value]) => `# ${name}: ${JSON.stringify(value)}`)].join("\n"));
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
    return counted("1 match", "{count} matches", matches);
  }
  if (kind === "web" && typeof status === "number") return String(status);
  const leftOut = [...tool_result.matchAll(LEFT_OUT)].reduce((sum, [, bytes]) => sum + Number(bytes), 0);
  // Of an excerpt nobody knows the lines: how much there was in all, its two counts tell.
  if (leftOut > 0) return sizeOf(leftOut + new TextEncoder().encode(tool_result.replace(LEFT_OUT, "")).length);
  const lines = plain(tool_result.replace(READ_ON, "")).trim().split("\n");
  if (lines.length > 1) return counted("1 line", "{count} lines", lines.length);
  const [line = ""] = lines;
  return line.length <= LONGEST_RESULT ? line : `${line.slice(0, LONGEST_RESULT)}…`;
}

/** What stands in an excerpt for what is not in it: see `tools/excerpt.py` and `tools/background_job.py`. */
const LEFT_OUT = /(?:^|\n)… (\d+) bytes left out …\n/g;
/** The last line of a part of a file: see `tools/read_file.py`. */
const READ_ON = /\n\[cut here: read on with start_line \d+\]$/;

/** Characters of a result that are shown in a call's line. */
const LONGEST_RESULT = 40;

/** How long a message's work took, in words; empty where it does not say. @param {Message} message */
export function elapsed(message) {
  const nanoseconds = message.turnDuration || message.elapsed || 0;
  return nanoseconds > 0 ? duration(nanoseconds / 1e6) : "";
}
