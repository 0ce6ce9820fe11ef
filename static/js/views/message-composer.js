/**
 * Where the user writes. Enter sends and Shift+Enter breaks the line; where the keyboard is on the screen, a button sends.
 *
 * @import { Status } from "../connection.js"
 * @import { Snapshot } from "../store.js"
 * @import { Attached } from "../wire.js"
 * @import { ChoiceList } from "./choice-list.js"
 */

import { isAsking } from "../doing.js";
import { el, icon, say, want } from "../dom.js";
import { isWorking } from "../format.js";
import { Said, saidIn } from "../said.js";
import { EMPTY } from "../reducer.js";
import { Later } from "../later.js";
import { t } from "../words.js";
import { ComposerFiles } from "./composer-files.js";
import { WaitingList } from "./waiting-list.js";

/** A keyboard on the screen has no Shift+Enter worth telling of, and its Enter is for new lines. */
const byTouch = matchMedia("(hover: none) and (pointer: coarse)");

const choosing = new Later(async () => (await import("./choice-list.js")).ChoiceList);

export class MessageComposer extends HTMLElement {
  #prompt = el("textarea", {
    id: "prompt",
    rows: 1,
    placeholder: t("Ask for a change…"),
    autocomplete: "off",
    "aria-describedby": "prompt-hint",
  });
  #send = el(
    "button",
    { id: "send", type: "submit", class: "button primary", disabled: true, "aria-label": t("Send"), title: t("Send (Enter)") },
    icon("send"),
  );
  #cancel = el(
    "button",
    { id: "cancel", type: "button", class: "button", disabled: true, title: t("Stop the agent") },
    icon("stop"),
    el("span", { text: t("Stop") }),
  );
  #attach = el(
    "button",
    { id: "attach", type: "button", class: "button quiet", "aria-label": t("Attach files"), title: t("Attach files") },
    icon("attach"),
  );
  #later = el(
    "button",
    {
      id: "later",
      type: "button",
      class: "button quiet",
      "aria-pressed": "false",
      title: t("Let the agent read this after the turn that runs, instead of at its next step"),
      hidden: true,
    },
    icon("clock"),
    el("span", { text: t("After this turn") }),
  );
  #picker = el("input", { type: "file", multiple: true, hidden: true, tabindex: "-1", "aria-label": t("Attach files") });
  #hint = el("span", { class: "hint", id: "prompt-hint" });
  #files = new ComposerFiles();
  /** @type {ChoiceList | null} Once something was typed. */
  #choices = null;
  #waiting = new WaitingList();
  #form = el("form", { class: "composer" });
  #said = new Said();
  #log = EMPTY;
  #ended = false;
  #missing = false;
  #working = false;
  #asks = false;
  /** @type {Status} */
  #status = "connecting";

  connectedCallback() {
    this.#form.append(
      el("label", { class: "visually-hidden", for: "prompt", text: t("Message to the agent") }),
      this.#prompt,
      this.#files,
      el("div", { class: "composer-row" }, this.#attach, this.#hint, this.#later, this.#cancel, this.#send),
      this.#picker,
    );
    this.#form.addEventListener("submit", (event) => {
      event.preventDefault();
      this.#submit();
    });
    this.#prompt.addEventListener("keydown", (event) => this.#pressed(event));
    this.#prompt.addEventListener("input", () => {
      this.#offerChoices();
      this.#edited();
    });
    this.#cancel.addEventListener("click", () => want(this, { kind: "cancel", toolCallId: "" }));
    this.#later.addEventListener("click", () => {
      this.#later.setAttribute("aria-pressed", String(!this.#queues));
      this.#draw();
    });
    this.#files.addEventListener("changed", () => this.#edited());
    // What has gone had the focus.
    this.#files.addEventListener("removed", () => this.#prompt.focus());
    this.#waiting.addEventListener("emptied", () => this.#prompt.focus());
    this.#listenForFiles();
    this.append(this.#waiting, this.#form);
  }

  /** @param {Snapshot} snapshot */
  show(snapshot) {
    const { log, connection, stopping } = snapshot;
    const { state } = log;
    this.#log = log;
    this.#working = state !== null && isWorking(state.agent_state);
    this.#asks = isAsking(log);
    this.#missing = snapshot.gone;
    this.#ended = connection.status === "ended" || (state?.session_ended ?? false);
    this.#cancel.disabled = !this.#working || stopping || connection.status !== "connected";
    this.#cancel.hidden = !this.#working;
    this.#cancel.title = connection.status === "connected" ? t("Stop the agent") : t("Nothing can be stopped without a connection");
    this.#later.hidden = !this.#working || this.#ended;
    if (!this.#working) this.#later.setAttribute("aria-pressed", "false");
    if (connection.status === "connected" && this.#status !== "connected") this.#files.retry();
    this.#status = connection.status;
    this.#waiting.show(snapshot);
    this.#draw();
  }

  /** Put `text` before the user, to send or to change, with those `files` beside what is attached. @param {string} text @param {readonly (Attached & { file?: Blob | null })[]} files */
  write(text, files = []) {
    // What a word was to become, it becomes no more.
    this.#choices?.close();
    this.#prompt.value = text;
    this.#files.restore(files);
    this.#edited();
  }

  /** Put `text` below what the user has written, as if they had typed it: they can undo it. @param {string} text */
  add(text) {
    const before = this.#prompt.value.trimEnd();
    const whole = before ? `${before}\n\n${text}` : text;
    this.focusPrompt();
    this.#prompt.setSelectionRange(before.length, this.#prompt.value.length);
    // Nothing else puts it into the history by which the keyboard undoes; and where the field has not got the focus, it does nothing.
    const isTyped = document.activeElement === this.#prompt && document.execCommand("insertText", false, whole.slice(before.length));
    if (!isTyped || this.#prompt.value !== whole) this.write(whole);
    this.#choices?.close();
  }

  get text() {
    return this.#prompt.value;
  }

  get isEmpty() {
    return this.#prompt.value === "" && this.#files.isEmpty;
  }

  focusPrompt() {
    this.#prompt.focus();
  }

  get #queues() {
    return this.#later.getAttribute("aria-pressed") === "true" && this.#working;
  }

  get #canSend() {
    return !this.#ended && this.#files.isSettled && !this.#files.refused && (this.#prompt.value.trim() !== "" || !this.#files.isEmpty);
  }

  #draw() {
    this.#prompt.disabled = this.#attach.disabled = this.#ended;
    const placeholder = this.#ended
      ? t("Nothing more can be sent here")
      : this.#asks
        ? t("Answer the question…")
        : this.#working
          ? t("Add something while it works…")
          : t("Ask for a change…");
    if (this.#prompt.placeholder !== placeholder) this.#prompt.placeholder = placeholder;
    const news = this.#news();
    this.#hint.classList.toggle("news", news !== "");
    this.#form.dataset.status = this.#status;
    say(this.#hint, news || (byTouch.matches ? "" : t("Enter sends, Shift+Enter breaks the line")));
    this.#send.disabled = !this.#canSend;
  }

  /** What the user should know before they send; empty where there is nothing. */
  #news() {
    if (this.#missing) return t("Nothing can be sent: there is no such session");
    if (this.#ended) return t("Nothing can be sent: the session has ended");
    if (this.#files.refused) return t("{name} cannot be sent: remove it", { name: this.#files.refused });
    if (this.#status === "offline") return t("Offline: what you send goes out when you are back");
    if (this.#status === "reconnecting") return t("Not connected: what you send goes out when it is back");
    if (this.#status !== "connected" || !this.#working) return "";
    if (this.#queues) return t("The agent reads this after its turn");
    return this.#asks ? t("What you send is the answer") : t("The agent reads this before its next step");
  }

  #submit() {
    if (!this.#canSend) return;
    const files = this.#files.enclosed;
    want(this, { kind: "send", text: this.#prompt.value.trim(), files, queued: this.#queues });
    this.#files.clear();
    this.#later.setAttribute("aria-pressed", "false");
    this.write("");
  }

  /** @param {KeyboardEvent} event */
  #pressed(event) {
    // While a word is being composed (isComposing, or 229 in Safari) Enter chooses it.
    if (event.isComposing || event.keyCode === 229 || this.#choices?.press(event)) return;
    const plain = !event.shiftKey && !event.ctrlKey && !event.metaKey && !event.altKey;
    if (event.key === "Enter" && !event.shiftKey && !event.altKey && !(plain && byTouch.matches)) {
      event.preventDefault();
      this.#submit();
    } else if (plain && (event.key === "ArrowUp" || event.key === "ArrowDown")) this.#recall(event);
  }

  /** ↑ at the first line and ↓ at the last. @param {KeyboardEvent} event */
  #recall(event) {
    const { value, selectionStart, selectionEnd } = this.#prompt;
    const up = event.key === "ArrowUp";
    const beyond = up ? value.slice(0, selectionStart) : value.slice(selectionEnd);
    if (beyond.includes("\n")) return;
    const text = this.#said.go(value, up ? 1 : -1, () => saidIn(this.#log));
    if (text === null) return;
    event.preventDefault();
    this.write(text);
  }

  #offerChoices() {
    choosing.use((ChoiceList) => {
      if (this.#choices) return;
      this.#choices = new ChoiceList();
      this.#choices.addEventListener("chosen", () => this.#edited());
      this.#form.append(this.#choices);
      this.#choices.serve(this.#prompt);
    });
  }

  #edited() {
    this.#draw();
    // Back to one row first: scrollHeight never shrinks below the height that is set.
    this.#prompt.style.height = "";
    this.#prompt.style.height = `${this.#prompt.scrollHeight}px`;
    want(this, { kind: "draft", draft: { text: this.#prompt.value, files: this.#files.files } });
  }

  /** By picker, paste, and drop anywhere on the page: a file that misses would else take the page's place. */
  #listenForFiles() {
    this.#attach.addEventListener("click", () => this.#picker.click());
    this.#picker.addEventListener("change", () => {
      void this.#files.add([...(this.#picker.files ?? [])]);
      this.#picker.value = "";
      this.#prompt.focus();
    });
    this.#prompt.addEventListener("paste", (event) => {
      const files = [...(event.clipboardData?.files ?? [])];
      // Some programs put a picture of the text beside it.
      if (files.length === 0 || event.clipboardData?.getData("text/plain")) return;
      event.preventDefault();
      void this.#files.add(files);
    });
    const carries = (/** @type {DragEvent} */ event) => event.dataTransfer?.types.includes("Files") ?? false;
    document.addEventListener("dragover", (event) => {
      if (!carries(event)) return;
      event.preventDefault();
      this.#form.classList.toggle("dropping", !this.#ended);
    });
    document.addEventListener("dragleave", (event) => {
      if (!event.relatedTarget) this.#form.classList.remove("dropping");
    });
    document.addEventListener("drop", (event) => {
      this.#form.classList.remove("dropping");
      if (!carries(event)) return;
      event.preventDefault();
      if (!this.#ended && this.checkVisibility()) void this.#files.add([...(event.dataTransfer?.files ?? [])]);
    });
  }
}

customElements.define("message-composer", MessageComposer);
