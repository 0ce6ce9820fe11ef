/**
 * One call of a tool: a telling line, and behind it the input and the output, live while it runs.
 *
 * The inside is built when it is first opened: a long log has thousands of calls that nobody looks into.
 *
 * @import { Message, ToolCall } from "../wire.js"
 * @import { Output } from "../reducer.js"
 */

import { el, icon, say, want } from "../dom.js";
import { duration, elapsed, plain, readableInput, stoppedBy, toolLine } from "../format.js";
import { t } from "../words.js";
import { diffLines } from "./diff-lines.js";

/** @typedef {"running" | "ok" | "error" | "interrupted"} ToolStatus */

const STATUS_WORDS = { running: "running", ok: "", error: "failed", interrupted: "interrupted" };

const STOPPED_WORDS = { user: "cancelled", budget: "over budget", restart: "interrupted", failure: "not finished" };

const IMAGES = new Set(["image/png", "image/jpeg", "image/gif", "image/webp"]);

export class ToolCard extends HTMLElement {
  /** @type {ToolCall} */
  #call = { name: "", input: "", tool_call_id: "" };
  #startedMs = 0;
  /** @type {Message | null} */
  #result = null;
  /** @type {ToolStatus} */
  #status = "running";
  /** @type {Output | null} */
  #live = null;
  #time = el("span", { class: "tool-time" });
  #word = el("span", { class: "tool-word" });
  #mark = el("span", { class: "tool-mark" });
  #body = el("div", { class: "tool-body" });
  #output = el("pre", { class: "tool-output" });
  #details = el("details", { class: "tool" });
  #stop = el("button", { class: "button small tool-stop", type: "button", hidden: true }, "Stop");

  /** @param {ToolCall} call @param {number} startedMs Unix milliseconds */
  show(call, startedMs) {
    this.#call = call;
    this.#startedMs = startedMs;
    this.dataset.toolCallId = call.tool_call_id;
    const line = toolLine(call.input);
    this.#details.append(
      el(
        "summary",
        { title: line },
        this.#mark,
        el("span", { class: "tool-name", text: call.name }),
        el("span", { class: "tool-line", text: line }),
        this.#word,
        this.#time,
      ),
      this.#body,
    );
    this.#details.addEventListener("toggle", () => this.#details.open && this.#build());
    this.#stop.setAttribute("aria-label", `Stop ${call.name}`);
    this.#stop.addEventListener("click", () => {
      this.#stop.disabled = true;
      want(this, { kind: "cancel", toolCallId: call.tool_call_id });
    });
    this.append(this.#details, this.#stop);
    this.setStatus("running");
  }

  /** @param {ToolStatus} status */
  setStatus(status) {
    this.#status = status;
    this.dataset.status = status;
    this.#stop.hidden = status !== "running";
    this.#mark.replaceChildren(icon(status));
    const exit = this.#result?.display?.exit_status;
    const by = this.#result ? stoppedBy(this.#result) : "";
    const word = by ? STOPPED_WORDS[by] : STATUS_WORDS[status];
    say(this.#word, status === "error" && typeof exit === "number" ? `exit ${exit}` : t(word));
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
    if (this.#details.open) this.#build();
  }

  /** @param {Output | null} output what a running tool has written so far */
  setLive(output) {
    if (output === this.#live) return;
    this.#live = output;
    if (this.#details.open && !this.#result) this.#showOutput();
  }

  /** @param {number} nowMs Unix milliseconds */
  tick(nowMs) {
    if (this.running) say(this.#time, duration(1000 * Math.max(1, Math.floor((nowMs - this.#startedMs) / 1000))));
  }

  /** The stop did not get through: let the user press again. */
  allowStop() {
    this.#stop.disabled = false;
  }

  #build() {
    this.#showOutput();
    const display = this.#result?.display;
    // A diff says what an edit was asked to do and what it did, better than the edit's own JSON.
    const input =
      display?.kind === "diff" && typeof display.diff === "string" && display.diff
        ? diffLines(display.diff)
        : el("pre", { class: "tool-input", text: readableInput(this.#call.input) });
    this.#body.replaceChildren(input, this.#output, ...this.#kept());
  }

  /** What the message only refers to. @returns {HTMLElement[]} */
  #kept() {
    const display = this.#result?.display ?? { kind: "" };
    const { kind, path, further, output_blob: output } = display;
    if (kind === "image") {
      const shown = [display, ...(Array.isArray(further) ? further : [])];
      return shown.flatMap((image) => this.#image(image, String(path ?? "An image")));
    }
    if (typeof output !== "string") return [];
    const take = (/** @type {Blob} */ data) => save(data, `${this.#call.name}-${output.slice(0, 8)}.txt`);
    const onClick = () => want(this, { kind: "blob", blob: output, take });
    return [el("button", { class: "button small tool-whole", type: "button", text: "Save the whole output", onClick })];
  }

  /** @param {Record<string, unknown> | null} image its blob and type @param {string} alt @returns {HTMLElement[]} */
  #image(image, alt) {
    const { blob, media_type: type } = image ?? {};
    if (typeof blob !== "string" || !IMAGES.has(String(type))) return [];
    const shown = el("img", { class: "tool-image", alt });
    want(this, { kind: "blob", blob, take: (data) => showImage(shown, data, String(type)) });
    return [shown];
  }

  #showOutput() {
    const text = this.#result ? this.#result.tool_result || this.#result.content || "" : (this.#live?.text ?? "");
    const atEnd = this.#output.scrollHeight - this.#output.scrollTop - this.#output.clientHeight < 8;
    say(this.#output, plain(text) || (this.running ? "No output yet" : "No output"));
    this.#output.classList.toggle("quiet", text === "");
    if (this.running && atEnd) this.#output.scrollTop = this.#output.scrollHeight;
  }
}

/**
 * The page's policy lets no address of a blob be an image's, but the data itself.
 * @param {HTMLImageElement} image @param {Blob} data @param {string} type
 */
function showImage(image, data, type) {
  const reader = new FileReader();
  reader.addEventListener("load", () => (image.src = String(reader.result)));
  reader.readAsDataURL(new Blob([data], { type }));
}

/** @param {Blob} data @param {string} name */
function save(data, name) {
  const url = URL.createObjectURL(data);
  el("a", { href: url, download: name }).click();
  // The browser has taken hold of it by then.
  setTimeout(() => URL.revokeObjectURL(url), 60_000);
}

customElements.define("tool-card", ToolCard);
