/**
 * Making elements. Text only ever enters as text, and nothing in it turns or hides what stands around it (`shown.js`).
 *
 * @import { Draft } from "./drafts.js"
 * @import { Enclosed } from "./outbox.js"
 * @import { Command } from "./replay.js"
 * @import { Attached, Found } from "./wire.js"
 * @import { Choices } from "./views/diff-view.js"
 */

import { inProse } from "./shown.js";

/** What is read of an attribute; the others are for the page. */
const READ = new Set(["title", "aria-label", "alt", "placeholder"]);

/**
 * @typedef {{ [name: string]: string | number | boolean | ((event: any) => void) | null | undefined }} Props
 *   `text` is the text content; `onName` listens for the event `name`; true sets an empty attribute; false, null and
 *   undefined set none; anything else is an attribute.
 */

/**
 * @template {keyof HTMLElementTagNameMap} K
 * @param {K} tag
 * @param {Props} props
 * @param {(Node | string | null | false)[]} children
 * @returns {HTMLElementTagNameMap[K]}
 */
export function el(tag, props = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(props)) {
    if (value === false || value === null || value === undefined) continue;
    if (typeof value === "function") element.addEventListener(name.slice(2).toLowerCase(), value);
    else if (name === "text") element.textContent = inProse(String(value));
    else element.setAttribute(name, value === true ? "" : READ.has(name) ? inProse(String(value)) : String(value));
  }
  for (const child of children) {
    if (child !== null && child !== false) element.append(typeof child === "string" ? inProse(child) : child);
  }
  return element;
}

/**
 * An inline picture of the sprite in index.html; decoration only, so it is hidden from readers.
 * @param {string} name
 */
export function icon(name) {
  const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  svg.setAttribute("class", `icon icon-${name}`);
  svg.setAttribute("viewBox", "0 0 16 16");
  svg.setAttribute("aria-hidden", "true");
  const use = document.createElementNS("http://www.w3.org/2000/svg", "use");
  use.setAttribute("href", `#icon-${name}`);
  svg.append(use);
  return svg;
}

/**
 * Sets text only where it differs, so that nothing is laid out or read aloud again.
 * @param {Element} element
 * @param {string} text
 */
export function say(element, text) {
  const shown = inProse(text);
  if (element.textContent !== shown) element.textContent = shown;
}

/**
 * The page's own element, of which there is one.
 * @template {HTMLElement} T
 * @param {string} selector
 * @param {new () => T} kind
 * @returns {T}
 */
export function find(selector, kind) {
  const element = document.querySelector(selector);
  if (!(element instanceof kind)) throw new Error(`the page has no ${selector}`);
  return element;
}

/**
 * What a view wants done; main.js does it. Views touch neither network nor storage.
 * @typedef {{ kind: "suggest" | "append", text: string }
 *   | { kind: "send", text: string, files?: Enclosed[], queued?: boolean }
 *   | { kind: "draft", draft: Draft }
 *   | { kind: "upload", held: string, file: Blob, signal: AbortSignal, take: TakeUpload }
 *   | { kind: "file-names", text: string, signal: AbortSignal, take: (names: string[]) => void }
 *   | { kind: "withdraw", idx: number, edit: Draft | null }
 *   | { kind: "cancel", toolCallId: string }
 *   | { kind: "discard", key: string, edit: boolean }
 *   | { kind: "diff", commit: string, title: string }
 *   | { kind: "open-file", path: string, line: number }
 *   | { kind: "diff-choices", choices: Choices }
 *   | { kind: "blob", blob: string, take: (data: Blob) => void }
 *   | { kind: "stop-task", id: number, done: Done }
 *   | { kind: "token", token: string }
 *   | { kind: "replay", command: Command }
 *   | { kind: "open", url: string }
 *   | { kind: "fork" | "link" | "message" | "travel", idx: number }
 *   | { kind: "find", text: string, signal: AbortSignal, take: TakeFound }
 *   | { kind: "change-session", sessionId: string, change: { title?: string, archived?: boolean }, done: Done }
 *   | { kind: "delete-session", sessionId: string, stop: boolean, done: Done }
 *   | { kind: "retry" | "reconnect" | "new-session" | "palette" | "shortcuts" | "now" | "dismiss" | "reload" }
 *   | { kind: "ping", take: (ms: number | null) => void }
 *   | { kind: "unloaded", error: unknown }} Intent
 * @typedef {(kept: Omit<Attached, "name"> | null, problem: string, passing: boolean) => void} TakeUpload
 *   null where it failed, as `problem` says; `passing` where that may go by itself
 * @typedef {(problem: string, isBusy?: boolean) => void} Done
 *   `problem` is empty where all went well, else fit for the user; `isBusy` where the agent would have to be stopped first
 * @typedef {(found: Found | null, problem: string) => void} TakeFound  null where it failed, as `problem` says
 */

/** @param {Element | Document} from @param {Intent} intent */
export function want(from, intent) {
  from.dispatchEvent(new CustomEvent("intent", { bubbles: true, detail: intent }));
}
