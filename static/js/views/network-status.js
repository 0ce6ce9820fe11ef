/**
 * The dot that tells the truth: colour, shape and words say the same, so that none of them is needed.
 *
 * @import { Connection } from "../stream.js"
 */

import { el, icon, say, want } from "../dom.js";

/** @type {Record<string, string>} */
const WORDS = {
  connecting: "Connecting",
  connected: "Connected",
  reconnecting: "Reconnecting",
  offline: "Offline",
  ended: "Session ended",
  unauthorized: "Not authorised",
};

export class NetworkStatus extends HTMLElement {
  #shape = el("span", { class: "net-shape", "aria-hidden": "true" });
  #words = el("span", { class: "net-words" });
  /** Said aloud when it changes; the countdown is not part of it, or a reader would hear every second. */
  #spoken = el("span", { class: "visually-hidden", role: "status", "aria-live": "polite" });
  #now = el("button", {
    class: "button small",
    type: "button",
    text: "Now",
    hidden: true,
    onClick: () => want(this, { kind: "reconnect" }),
  });
  /** @type {Connection | null} */
  #connection = null;
  #clock = () => performance.now();

  connectedCallback() {
    this.#words.setAttribute("aria-hidden", "true");
    this.append(this.#shape, this.#words, this.#spoken, this.#now);
    setInterval(() => this.#draw(), 500);
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
    const { status, dueAt, heartbeatAt, reason, state, via } = connection;
    if (this.dataset.status !== status) {
      this.dataset.status = status;
      this.#shape.replaceChildren(icon(`net-${status}`));
    }
    const words = state === "missing" ? "No such session" : (WORDS[status] ?? status);
    const left = dueAt > 0 ? Math.max(0, Math.ceil((dueAt - this.#clock()) / 1000)) : 0;
    say(this.#words, status === "reconnecting" ? (left > 0 ? `${words} in ${left} s` : `${words}…`) : words);
    say(this.#spoken, words);
    this.#now.hidden = dueAt === 0;
    const age =
      heartbeatAt !== 0 ? `Last heartbeat ${Math.round((this.#clock() - heartbeatAt) / 1000)} s ago` : "No heartbeat yet";
    const whole = status === "connected" || !reason ? age : `${age}: ${reason}`;
    this.title = via === "tab" ? `${whole} (via another tab)` : whole;
    this.dataset.via = via;
  }
}

customElements.define("network-status", NetworkStatus);
