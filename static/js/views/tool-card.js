/**
 * One call of a tool: a telling line, and behind it the input and the output, live while it runs. What a sub-agent says and
 * does is nested in the call that began it: open while it works, folded when it is done.
 *
 * @import { Message, ToolCall } from "../wire.js"
 * @import { Output } from "../reducer.js"
 * @import { ToolInside } from "./tool-inside.js"
 */

import { ASKING_TOOL } from "../doing.js";
import { el, icon, say, want } from "../dom.js";
import { duration, elapsed, resultLine, stoppedBy, toolLine } from "../format.js";
import { Later } from "../later.js";
import { counted, t } from "../words.js";

/** @typedef {"running" | "ok" | "error" | "interrupted" | "unknown"} ToolStatus  `unknown`: of the past, and not here yet */

const STATUS_WORDS = { running: "running", ok: "", error: "failed", interrupted: "interrupted", unknown: "" };

const STOPPED_WORDS = { user: "cancelled", budget: "over budget", restart: "interrupted", failure: "not finished" };

/** Most calls are never looked into. */
const inside = new Later(async () => (await import("./tool-inside.js")).ToolInside);

export class ToolCard extends HTMLElement {
  /** @type {ToolCall} */
  #call = { name: "", input: "", tool_call_id: "" };
  /** By our clock, which may differ from the server's: when we heard of it, until we are told since when it runs. */
  #startedMs = Date.now();
  /** @type {Message | null} */
  #result = null;
  /** @type {ToolStatus} */
  #status = "running";
  /** @type {Output | null} */
  #live = null;
  #outcome = el("span", { class: "tool-result" });
  #time = el("span", { class: "tool-time" });
  #word = el("span", { class: "tool-word" });
  #mark = el("span", { class: "tool-mark" });
  #body = el("div", { class: "tool-body" });
  #details = el("details", { class: "tool" });
  #stop = el("button", { class: "button small tool-stop", type: "button", hidden: true });
  /** @type {ToolInside | null} Once it was opened. */
  #inside = null;
  /** @type {HTMLElement | null} What a sub-agent did. */
  #steps = null;
  #stepCount = 0;
  #stopAsked = false;
  /** Whether the user has opened or folded it: then it is theirs to do. */
  #touched = false;

  /** @param {ToolCall} call */
  show(call) {
    this.#call = call;
    this.dataset.toolCallId = call.tool_call_id;
    const line = toolLine(call.input);
    // The model may have left it out; a line must be called something.
    const name = call.name || t("Tool");
    const summary = el(
      "summary",
      { title: line },
      this.#mark,
      el("span", { class: "tool-name", text: name, title: name }),
      el("span", { class: "tool-line", text: line }),
      this.#outcome,
      this.#word,
      this.#time,
    );
    summary.addEventListener("click", () => (this.#touched = true));
    this.#details.append(summary, this.#body);
    this.#details.addEventListener("toggle", () => this.#details.open && this.#build());
    this.#stop.textContent = t("Stop");
    this.#stop.setAttribute("aria-label", t("Stop {tool}", { tool: name }));
    this.#stop.addEventListener("click", () => {
      this.#leaveStop();
      this.#stopAsked = true;
      this.settle();
      want(this, { kind: "cancel", toolCallId: call.tool_call_id });
    });
    this.append(this.#details, this.#stop);
    this.setStatus("running");
  }

  /** @param {ToolStatus} status */
  setStatus(status) {
    this.#status = status;
    this.dataset.status = status;
    if (status !== "running") this.#leaveStop();
    this.#stop.hidden = status !== "running";
    const asks = status === "running" && this.#call.name === ASKING_TOOL;
    this.#mark.replaceChildren(icon(asks ? "question" : status));
    const exit = this.#result?.display?.exit_status;
    const by = this.#result ? stoppedBy(this.#result) : "";
    const word = by ? STOPPED_WORDS[by] : asks ? "asks" : STATUS_WORDS[status];
    say(this.#word, status === "error" && typeof exit === "number" ? t("exit {status}", { status: exit }) : t(word));
  }

  get running() {
    return this.#status === "running";
  }

  /** @param {Message} message the tool's message; from now on the card stands for it */
  finish(message) {
    this.#result = message;
    this.dataset.idx = String(message.idx);
    this.dataset.type = "tool";
    this.setStatus(stoppedBy(message) ? "interrupted" : message.tool_error ? "error" : "ok");
    say(this.#time, elapsed(message));
    if (!this.#steps) say(this.#outcome, this.#status === "ok" ? resultLine(message) : "");
    else if (!this.#touched) this.#details.open = false;
    if (this.#details.open) this.#build();
  }

  /** Something that the sub-agent of this call said, in its order. @param {HTMLElement} card @param {Message} message */
  nest(card, message) {
    if (!this.#steps) {
      this.#steps = el("div", { class: "tool-steps" });
      this.#body.replaceChildren(this.#steps);
      if (this.#inside) this.#build();
      if (!this.#result && !this.#touched) this.#details.open = true;
    }
    // Pages of the past come before what is here.
    const after = [...this.#steps.children].find((each) => Number(each.getAttribute("data-idx")) > message.idx);
    this.#steps.insertBefore(card, after ?? null);
    if (message.type === "agent") this.#stepCount += 1;
    say(this.#outcome, counted("1 step", "{count} steps", this.#stepCount));
  }

  /** @param {number} idx */
  has(idx) {
    return this.#steps?.querySelector(`[data-idx="${idx}"]`) !== null && this.#steps !== null;
  }

  /** @param {Output | null} output what a running tool has written so far */
  setLive(output) {
    if (output === this.#live) return;
    this.#live = output;
    if (this.#details.open && !this.#result) this.#write();
  }

  /** @param {number} startedMs Unix milliseconds of our clock */
  runsSince(startedMs) {
    this.#startedMs = startedMs;
  }

  /** @param {number} nowMs Unix milliseconds */
  tick(nowMs) {
    if (this.running) say(this.#time, duration(1000 * Math.max(1, Math.floor((nowMs - this.#startedMs) / 1000))));
  }

  /** The stop did not get through: let the user press again. */
  allowStop() {
    this.#stopAsked = false;
    this.settle();
  }

  connectedCallback() {
    this.settle();
  }

  /** Whether it can be stopped: not twice, and not without a connection. */
  settle() {
    const stale = this.closest("[data-stale]") !== null;
    this.#stop.disabled = this.#stopAsked || stale;
    this.#stop.title = stale ? t("Nothing can be stopped without a connection") : "";
  }

  /** A button that is disabled, or gone, would take the focus with it. */
  #leaveStop() {
    if (document.activeElement === this.#stop) this.#details.querySelector("summary")?.focus();
  }

  #build() {
    const isLate = inside.part === null;
    inside.use((Inside) => {
      // Whoever opened it reads from its line on: what comes into it now goes down from there.
      if (isLate) this.dispatchEvent(new CustomEvent("filling", { bubbles: true }));
      this.#inside ??= new Inside(this.#call);
      this.#body.replaceChildren(...this.#inside.parts(this.#result, this.#steps));
      this.#write();
    });
  }

  #write() {
    const text = this.#result ? this.#result.tool_result || this.#result.content || "" : (this.#live?.text ?? "");
    this.#inside?.write(text, this.running);
  }
}

customElements.define("tool-card", ToolCard);
