/** Tokens, money and how full the model's context is. @import { State } from "../wire.js" */

import { el, say } from "../dom.js";
import { dollars, duration, number, percent, tokens } from "../format.js";
import { t } from "../words.js";

export class UsageMeter extends HTMLElement {
  #cost = el("span", { class: "big" });
  #costNote = el("span", { class: "note" });
  #in = el("dd");
  #out = el("dd");
  #cached = el("dd");
  #context = el("meter", { min: 0, max: 1, low: 0.6, high: 0.85, optimum: 0, "aria-label": t("Context used") });
  #contextNote = el("span", { class: "note" });
  #contextBox = el("div", { class: "context", hidden: true }, this.#context, this.#contextNote);

  connectedCallback() {
    this.append(
      el("div", { class: "cost" }, this.#cost, this.#costNote),
      el(
        "dl",
        { class: "pairs" },
        el("dt", { text: t("Input") }),
        this.#in,
        el("dt", { text: t("Cached") }),
        this.#cached,
        el("dt", { text: t("Output") }),
        this.#out,
      ),
      this.#contextBox,
    );
  }

  /** @param {State} state */
  show({ total_usage: usage, budget, context_used, context_window }) {
    say(this.#cost, dollars(usage.total_cost_usd));
    const limits = [
      budget.dollars > 0 && dollars(budget.dollars),
      budget.responses > 0 && t("{count} answers", { count: number(budget.responses) }),
      budget.seconds > 0 && duration(1000 * budget.seconds),
    ].filter(Boolean);
    say(this.#costNote, limits.length > 0 ? t("limit {limits} a turn", { limits: limits.join(", ") }) : t("no limit a turn"));
    say(this.#in, tokens(usage.input_tokens + usage.cache_creation_input_tokens));
    say(this.#cached, tokens(usage.cache_read_input_tokens));
    say(this.#out, tokens(usage.output_tokens));
    this.#contextBox.hidden = context_window === 0;
    if (context_window > 0) {
      this.#context.value = context_used / context_window;
      const share = percent(context_used / context_window);
      say(this.#contextNote, t("Context: {share} of {window}", { share, window: tokens(context_window) }));
    }
  }
}

customElements.define("usage-meter", UsageMeter);
