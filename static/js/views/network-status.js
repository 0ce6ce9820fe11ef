/**
 * The dot that tells the truth: colour, shape and words say the same, so that none of them is needed. Who points at it, or
 * comes to it by keyboard, is told more: when the last heartbeat came, and how long an answer takes right now.
 *
 * @import { Face } from "../face.js"
 * @import { Connection } from "../stream.js"
 */

import { el, icon, say, want } from "../dom.js";
import { faceOf } from "../face.js";
import { duration, number } from "../format.js";
import { t } from "../words.js";

const DRAW_MS = 500;
/** While somebody looks at the details, the latency is measured that often. */
const PING_MS = 2000;
const HIDE_MS = 200;

export class NetworkStatus extends HTMLElement {
  #shape = el("span", { class: "net-shape", "aria-hidden": "true" });
  #words = el("span", { class: "net-words" });
  /** Where there is no room for more; when the next try is stands in the details, and beside it is the button. */
  #short = el("span", { class: "net-short" });
  /** Said aloud when it changes; the countdown is not part of it, or a reader would hear every second. */
  #spoken = el("span", { class: "visually-hidden", role: "status", "aria-live": "polite" });
  #now = el("button", {
    class: "button small net-now",
    type: "button",
    text: t("Now"),
    title: t("Try again at once"),
    hidden: true,
    onClick: () => want(this, { kind: "reconnect" }),
  });
  #facts = el("dl", { class: "facts" });
  #details = el("div", { class: "net-details", id: "net-details", role: "tooltip", hidden: true }, this.#facts);
  #face = el(
    "span",
    { class: "net-face", tabindex: 0, role: "group", "aria-label": t("Connection"), "aria-describedby": "net-details" },
    this.#shape,
    this.#words,
    this.#short,
  );
  /** @type {Connection | null} */
  #connection = null;
  #clock = () => performance.now();
  /** Milliseconds to the server and back: undefined = not measured yet, null = no answer. @type {number | null | undefined} */
  #latency = undefined;
  /** @type {ReturnType<typeof setInterval> | undefined} */
  #pinging;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #hiding;

  connectedCallback() {
    this.append(this.#face, this.#spoken, this.#now, this.#details);
    this.#face.addEventListener("focus", () => this.#unfold());
    this.#face.addEventListener("blur", () => this.#fold());
    this.addEventListener("pointerenter", () => this.#unfold());
    // The details may be pointed at, too; and on the way there the pointer may leave both for a moment.
    this.addEventListener("pointerleave", () => {
      this.#hiding = setTimeout(() => this.#fold(), HIDE_MS);
    });
    document.addEventListener("keydown", (event) => {
      if (event.key !== "Escape" || this.#details.hidden) return;
      event.preventDefault();
      this.#fold(true);
    });
    setInterval(() => this.#draw(), DRAW_MS);
  }

  /** @param {Connection} connection @param {() => number} clock the one that `dueAt` and `heartbeatAt` are of */
  show(connection, clock) {
    this.#connection = connection;
    this.#clock = clock;
    this.#draw();
  }

  #draw() {
    const connection = this.#connection;
    if (!connection) return;
    const { status, dueAt, via } = connection;
    const { face, words } = faceOf(connection);
    if (this.dataset.status !== status) this.dataset.status = status;
    if (this.dataset.face !== face) {
      this.dataset.face = face;
      this.#shape.replaceChildren(icon(`net-${face}`));
    }
    this.dataset.via = via;
    say(this.#words, this.#withWait(face, words));
    say(this.#short, face === "shared" ? t("Connected") : words);
    say(this.#spoken, words);
    if (dueAt === 0 && document.activeElement === this.#now) this.#face.focus();
    this.#now.hidden = dueAt === 0;
    if (!this.#details.hidden) this.#drawDetails(connection);
  }

  /** @param {Face} face @param {string} words */
  #withWait(face, words) {
    // A connection that is open, and gives no sign of life, is not being made anew.
    if ((face !== "reconnecting" && face !== "gone") || this.#connection?.state === "open") return words;
    const left = this.#secondsLeft(this.#connection?.dueAt ?? 0);
    if (left === 0) return face === "gone" ? t("Server gone: trying…") : t("Reconnecting…");
    const count = number(left);
    return face === "gone" ? t("Server gone: next try in {count} s", { count }) : t("Reconnecting in {count} s", { count });
  }

  /** @param {number} dueAt 0 = no try is planned */
  #secondsLeft(dueAt) {
    return dueAt > 0 ? Math.max(0, Math.ceil((dueAt - this.#clock()) / 1000)) : 0;
  }

  /** @param {Connection} connection */
  #drawDetails({ status, heartbeatAt, reason, attempt, via, dueAt }) {
    const seconds = Math.round((this.#clock() - heartbeatAt) / 1000);
    const age = heartbeatAt === 0 ? t("none yet") : seconds < 1 ? t("just now") : t("{duration} ago", { duration: duration(1000 * seconds) });
    const latency = this.#latency === undefined ? "…" : this.#latency === null ? t("no answer") : duration(this.#latency);
    const facts = [
      [t("Last heartbeat"), age],
      [t("Latency"), latency],
      [t("Stream"), via === "tab" ? t("another tab leads, this one follows") : t("this tab's own")],
      [t("Lost because"), status === "connected" ? "" : reason],
      [t("Next try"), dueAt > 0 ? t("in {duration}", { duration: duration(1000 * this.#secondsLeft(dueAt)) }) : ""],
      [t("Tries"), attempt > 0 && status !== "connected" ? number(attempt) : ""],
    ].filter(([, value]) => value);
    // Row by row, so that what has not changed is not told again.
    facts.forEach(([name, value], at) => {
      const [dt, dd] = [this.#facts.children[2 * at], this.#facts.children[2 * at + 1]];
      if (dt && dd) {
        say(dt, name ?? "");
        say(dd, value ?? "");
      } else this.#facts.append(el("dt", { text: name }), el("dd", { text: value }));
    });
    while (this.#facts.children.length > 2 * facts.length) this.#facts.lastElementChild?.remove();
  }

  #unfold() {
    clearTimeout(this.#hiding);
    if (!this.#details.hidden) return;
    this.#details.hidden = false;
    this.#ping();
    this.#pinging = setInterval(() => this.#ping(), PING_MS);
    this.#draw();
  }

  /** @param {boolean} anyway also while it is pointed at, or has the focus */
  #fold(anyway = false) {
    clearTimeout(this.#hiding);
    if (!anyway && (document.activeElement === this.#face || this.matches(":hover"))) return;
    this.#details.hidden = true;
    clearInterval(this.#pinging);
  }

  #ping() {
    want(this, {
      kind: "ping",
      take: (ms) => {
        this.#latency = ms;
        this.#draw();
      },
    });
  }
}

customElements.define("network-status", NetworkStatus);
