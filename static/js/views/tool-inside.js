/**
 * What is behind the line of a tool's call: what it was asked, and what came of it. Built when the card is first opened: a long
 * log has thousands of calls that nobody looks into.
 *
 * @import { Message, ToolCall } from "../wire.js"
 */

import { el, want } from "../dom.js";
import { readableInput } from "../format.js";
import { inCode } from "../shown.js";
import { t } from "../words.js";
import { showOutput } from "./ansi-output.js";
import { diffLines } from "./diff-lines.js";
import { IMAGES, keptImage, saveAs } from "./kept-image.js";

/** This close to its end, the output of a running tool is followed. */
const NEAR_PX = 8;

export class ToolInside {
  #output = el("pre", { class: "tool-output", tabindex: "0", role: "group", "aria-label": t("Output") });
  /** @param {ToolCall} call */
  constructor(call) {
    this.#call = call;
  }

  #call;

  /**
   * The parts, in their order.
   * @param {Message | null} result null while it runs
   * @param {Element | null} steps what a sub-agent did
   */
  parts(result, steps) {
    const display = result?.display;
    // A diff says what an edit was asked to do and what it did, better than the edit's own JSON; steps begin with the task.
    const input = steps
      ? steps
      : display?.kind === "diff" && typeof display.diff === "string" && display.diff
        ? diffLines(inCode(display.diff.replaceAll("\r\n", "\n")))
        : el("pre", { class: "tool-input", tabindex: "0", role: "group", "aria-label": t("Input"), text: readableInput(this.#call.input) });
    return [input, this.#output, ...(result ? this.#kept(result) : [])];
  }

  /** @param {string} text @param {boolean} running */
  write(text, running) {
    const atEnd = this.#output.scrollHeight - this.#output.scrollTop - this.#output.clientHeight < NEAR_PX;
    showOutput(this.#output, text || (running ? t("No output yet") : t("No output")));
    this.#output.classList.toggle("quiet", text === "");
    if (running && atEnd) this.#output.scrollTop = this.#output.scrollHeight;
  }

  /** What the message only refers to. @param {Message} result @returns {HTMLElement[]} */
  #kept({ display = {} }) {
    const { kind, path, further, output_blob: output } = display;
    if (kind === "image") {
      const shown = [display, ...(Array.isArray(further) ? further : [])];
      return shown.flatMap((image) => this.#image(image, String(path ?? t("An image"))));
    }
    if (typeof output !== "string") return [];
    const take = (/** @type {Blob} */ data) => saveAs(data, `${this.#call.name}-${output.slice(0, 8)}.txt`);
    const onClick = () => want(this.#output, { kind: "blob", blob: output, take });
    return [el("button", { class: "button small tool-whole", type: "button", text: t("Save the whole output"), onClick })];
  }

  /** @param {Record<string, unknown> | null} image its blob and type @param {string} alt @returns {HTMLElement[]} */
  #image(image, alt) {
    const { blob, media_type: type } = image ?? {};
    if (typeof blob !== "string" || !IMAGES.has(String(type))) return [];
    return [keptImage(blob, String(type), "tool-image", alt)];
  }
}
