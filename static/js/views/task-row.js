/** One task that runs: what it is, since when, until when at most, and its stop. @import { Row, Task } from "../tasks.js" */

/** @import { Log } from "../reducer.js" */

import { el, icon, say, want } from "../dom.js";
import { clockTime, toolLine } from "../format.js";
import { t } from "../words.js";

/** @type {Record<Task["kind"], string>} */
const ICONS = {
  ...{ turn: "play", model: "model", tool: "terminal", subagent: "fork", naming: "edit", job: "clock", mcp: "link" },
  terminal: "terminal",
};

export class TaskRow extends HTMLElement {
  /** @param {Task} task @param {Log | null} log @param {{ stop: () => void, fold: () => void }} hooks */
  constructor(task, log, hooks) {
    super();
    this.taskId = task.id;
    this.#task = task;
    this.#name = nameOf(task);
    const detail = detailOf(task, log);
    this.#stopButton = el(
      "button",
      { class: "button quiet task-stop", type: "button", tabindex: -1, "aria-label": t("Stop {tool}", { tool: this.#name }), onClick: hooks.stop },
      icon("stop"),
    );
    this.#fold = el("span", { class: "task-fold", "aria-hidden": "true", onClick: hooks.fold }, icon("forward"));
    this.#parts = [
      this.#fold,
      icon(ICONS[task.kind] ?? "unknown"),
      el(
        "span",
        { class: "task-what" },
        el("span", { class: "task-name", text: this.#name }),
        el("span", { class: "task-detail", text: detail, title: detail, hidden: !detail }),
        this.#ending,
        this.#said,
      ),
      this.#age,
      this.#stopButton,
    ];
  }

  #task;
  #name;
  #parts;
  #stopButton;
  #fold;
  #age = el("span", { class: "task-age", "aria-hidden": "true" });
  /** What a reader of screens hears after the name, in the place of times that tick. */
  #said = el("span", { class: "visually-hidden" });
  #left = el("span", { class: "task-left" });
  #word = el("span");
  #ending = el("span", { class: "task-ending", "aria-hidden": "true", hidden: true }, this.#word, this.#left);
  #deadline = 0;
  #problem = "";
  #stopping = false;
  #live = true;

  connectedCallback() {
    if (this.hasChildNodes()) return;
    this.setAttribute("role", "treeitem");
    this.dataset.kind = this.#task.kind;
    this.dataset.task = String(this.taskId);
    this.append(...this.#parts);
  }

  /** @param {Row} row */
  show({ task, level, position, siblings, parts, open, deadline }) {
    this.#task = task;
    this.#deadline = deadline;
    if (task.cancelled) this.#stopping = false;
    this.style.setProperty("--level", String(level));
    const states = { "aria-level": level, "aria-posinset": position, "aria-setsize": siblings };
    for (const [name, value] of Object.entries(states)) this.setAttribute(name, String(value));
    if (parts > 0) this.setAttribute("aria-expanded", String(open));
    else this.removeAttribute("aria-expanded");
    this.#fold.classList.toggle("task-leaf", parts === 0);
    this.#stopButton.hidden = !task.stoppable;
    this.#settle();
  }

  /** Whether what was made to be seen here is that of `task`. @param {Task} task */
  standsFor({ kind, name, toolCallId, idx }) {
    const mine = this.#task;
    return kind === mine.kind && name === mine.name && toolCallId === mine.toolCallId && idx === mine.idx;
  }

  /** @param {boolean} yes whether Tab leads here */
  reachable(yes) {
    this.tabIndex = yes ? 0 : -1;
    this.#stopButton.tabIndex = yes ? 0 : -1;
  }

  /** Without a connection nothing can be stopped. @param {boolean} yes */
  setLive(yes) {
    if (yes === this.#live) return;
    this.#live = yes;
    if (this.isConnected) this.#settle();
  }

  stop() {
    if (!this.#live || !this.#task.stoppable || this.#task.cancelled || this.#stopping) return;
    this.#stopping = true;
    this.#problem = "";
    this.#settle();
    want(this, {
      kind: "stop-task",
      id: this.taskId,
      done: (problem) => {
        this.#stopping = false;
        this.#problem = problem;
        if (this.isConnected) this.#settle();
      },
    });
  }

  /** @param {number} now @param {(ms: number) => string} ticking */
  tick(now, ticking) {
    say(this.#age, ticking(now - this.#task.since));
    say(this.#left, this.#isEnding || this.#problem || !this.#deadline ? "" : ticking(this.#deadline - now));
  }

  get #isEnding() {
    return this.#stopping || this.#task.cancelled;
  }

  /** All but the time that goes by. */
  #settle() {
    const { deadline, since, stoppable } = this.#task;
    const ending = this.#isEnding;
    this.toggleAttribute("data-ending", ending);
    // Not `disabled`: the focus would be lost from a button that was just pressed.
    this.#stopButton.setAttribute("aria-disabled", String(ending || !this.#live));
    this.#stopButton.title = this.#live ? "" : t("Nothing can be stopped without a connection");
    this.#ending.hidden = !ending && !this.#deadline && !this.#problem;
    this.#ending.classList.toggle("problem", this.#problem !== "");
    say(this.#word, this.#problem || (ending ? t("being stopped") : t("limit in")));
    const words = [
      t("since {time}", { time: clockTime(new Date(since).toISOString()) }),
      ending ? t("being stopped") : deadline ? t("until {time} at most", { time: clockTime(new Date(deadline).toISOString()) }) : "",
      this.#problem,
    ];
    say(this.#said, words.filter(Boolean).map((each) => `, ${each}`).join(""));
    if (stoppable && !ending && this.#live) this.setAttribute("aria-keyshortcuts", "Delete");
    else this.removeAttribute("aria-keyshortcuts");
  }
}

/** @param {Task} task */
function nameOf({ kind, name }) {
  switch (kind) {
    case "turn":
      return t("Turn");
    case "model":
      return t("Model call");
    case "subagent":
      return t("Sub-agent");
    case "naming":
      return t("Finding a name");
    case "job":
      return t("In the background");
    case "mcp":
      return t("Tools of {server}", { server: name });
    case "terminal":
      return t("Terminal {number}", { number: name });
    default:
      return name || kind;
  }
}

/** What it is about, as far as the log at hand tells. @param {Task} task @param {Log | null} log */
function detailOf({ kind, name, toolCallId, idx }, log) {
  if (kind === "model" || kind === "job") return name;
  if (kind === "turn" && log) return log.messages[idx - log.base]?.content.trim().split("\n", 1)[0] ?? "";
  if (kind !== "tool") return "";
  const calls = log?.messages.findLast(({ tool_calls: made }) => made?.some((call) => call.tool_call_id === toolCallId))?.tool_calls;
  const call = calls?.find((each) => each.tool_call_id === toolCallId);
  return call ? toolLine(call.input) : "";
}

customElements.define("task-row", TaskRow);
