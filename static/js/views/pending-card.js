/** A message of the user's that is on its way. @import { Pending } from "../outbox.js" */

import { el, icon, say, want } from "../dom.js";
import { t } from "../words.js";

const SHAPES = { gathering: "clock", sending: "clock", accepted: "ok", leaving: "clock", waiting: "clock", failed: "warning" };

export class PendingCard extends HTMLElement {
  #text = el("div", { class: "text" });
  #word = el("span", {});
  #shape = el("span", { class: "pending-shape" }, icon("clock"));
  #again = el("button", {
    class: "button small",
    type: "button",
    text: t("Try again"),
    onClick: () => want(this, { kind: "retry" }),
  });
  #edit = el("button", { class: "button small", type: "button", text: t("Edit"), onClick: () => this.#discard(true) });
  #remove = el("button", { class: "button small", type: "button", text: t("Take it back"), onClick: () => this.#discard(false) });
  #key = "";

  /** @param {Pending} pending */
  show(pending) {
    if (!this.#key) {
      this.#key = pending.key;
      say(this.#text, pending.text);
      const names = (pending.files ?? []).map(({ name }) => el("li", { class: "file-chip" }, icon("file"), name));
      const files = names.length > 0 ? el("ul", { class: "message-files" }, ...names) : "";
      this.append(this.#text, files, el("footer", { class: "card-foot" }, this.#shape, this.#word, this.#again, this.#edit, this.#remove));
    }
    if (this.dataset.status !== pending.status) this.#shape.replaceChildren(icon(SHAPES[pending.status]));
    this.dataset.status = pending.status;
    // What looks like this one is on the page already; show ours again only if it turns out not to have arrived.
    this.hidden = pending.echoed && (pending.status === "sending" || pending.status === "accepted");
    const { problem, status, hopeless = false } = pending;
    this.#edit.hidden = this.#remove.hidden = !["failed", "waiting", "gathering"].includes(status);
    this.#again.hidden = !((status === "failed" && !hopeless) || status === "waiting");
    const words = {
      gathering: problem ? t("Waits for its files: {problem}", { problem }) : t("Waits for its files…"),
      sending: t("Sending…"),
      accepted: t("Sent"),
      leaving: t("Being taken back…"),
      waiting: t("Not sent yet: {problem}", { problem }),
      failed: t("Not sent: {problem}", { problem }),
    };
    say(this.#word, words[pending.status]);
  }

  /** @param {boolean} edit */
  #discard(edit) {
    want(this, { kind: "discard", key: this.#key, edit });
  }
}

customElements.define("pending-card", PendingCard);
