/**
 * Tokens, money, what is left of the turn's budget, and how full the model's context is.
 *
 * @import { Log } from "../reducer.js"
 * @import { Tally, Turn } from "../usage.js"
 * @import { State } from "../wire.js"
 */

import { el, say } from "../dom.js";
import { dollars, duration, percent, tokens } from "../format.js";
import { Later } from "../later.js";
import { tally } from "../usage.js";
import { counted, t } from "../words.js";
import { UsageChart } from "./usage-chart.js";

const details = new Later(async () => (await import("./usage-details.js")).UsageDetails);

/** Bars in the panel, where each is still some pixels wide. */
const BARS = 24;

export class UsageMeter extends HTMLElement {
  #cost = el("span", { class: "big" });
  #limits = el("span", { class: "note" });
  #left = el("span", { class: "note usage-left", hidden: true });
  #in = el("dd");
  #out = el("dd");
  #cached = el("dd");
  #context = el("meter", { min: 0, max: 1, low: 0.6, high: 0.85, optimum: 0, "aria-label": t("Context used") });
  #contextNote = el("span", { class: "note" });
  #contextBox = el("div", { class: "context", hidden: true }, this.#context, this.#contextNote);
  #chart = new UsageChart();
  #more = el("button", {
    class: "button small",
    type: "button",
    id: "usage-details",
    text: t("By turn and tool"),
    onClick: () => details.use((UsageDetails) => this.#open(UsageDetails)),
  });
  #history = el("div", { class: "usage-history", hidden: true }, this.#chart, this.#more);
  /** @type {Tally} */
  #tally = { turns: [], tools: [] };
  /** @type {Log["messages"] | null} */
  #tallied = null;
  /** @type {import("./usage-details.js").UsageDetails | null} */
  #details = null;
  /** @type {{ log: Log, state: State } | null} */
  #known = null;

  connectedCallback() {
    this.append(
      el("div", { class: "cost" }, this.#cost, this.#limits, this.#left),
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
      this.#history,
    );
  }

  /** @param {Log} log @param {State} state */
  show(log, state) {
    this.#known = { log, state };
    // The list is another one whenever a message came, and only then.
    if (log.messages !== this.#tallied) {
      this.#tallied = log.messages;
      this.#tally = tally(log.messages);
      this.#history.hidden = this.#tally.turns.length === 0;
      this.#chart.show(this.#tally.turns, BARS);
    }
    const { total_usage: usage, context_used, context_window } = state;
    say(this.#cost, dollars(usage.total_cost_usd));
    this.#showBudget(state);
    say(this.#in, tokens(usage.input_tokens + usage.cache_creation_input_tokens));
    say(this.#cached, tokens(usage.cache_read_input_tokens));
    say(this.#out, tokens(usage.output_tokens));
    this.#contextBox.hidden = context_window === 0;
    if (context_window > 0) {
      this.#context.value = context_used / context_window;
      const share = percent(context_used / context_window);
      say(this.#contextNote, t("Context: {share} of {window}", { share, window: tokens(context_window) }));
    }
    if (this.#details?.isOpen) this.#details.show(this.#tally, log, state);
  }

  /** @param {State} state */
  #showBudget({ budget }) {
    const limits = [
      budget.dollars > 0 && dollars(budget.dollars),
      budget.responses > 0 && counted("1 answer", "{count} answers", budget.responses),
      budget.seconds > 0 && duration(1000 * budget.seconds),
    ].filter(Boolean);
    say(this.#limits, limits.length > 0 ? t("limit {limits} a turn", { limits: limits.join(", ") }) : t("no limit a turn"));
    // The seconds that are left are the turn's deadline, which stands in the tree of what runs.
    const turn = this.#tally.turns.at(-1);
    const left = turn && !turn.over ? leftOf(budget, turn) : [];
    this.#left.hidden = left.length === 0;
    say(this.#left, t("{left} left for this turn", { left: left.join(", ") }));
  }

  /** @param {typeof import("./usage-details.js").UsageDetails} UsageDetails */
  #open(UsageDetails) {
    // Not in here: where this is a drawer, it is hidden by what opens over it, with all that is in it.
    if (!this.#details) document.body.append((this.#details = new UsageDetails()));
    if (this.#known) this.#details.show(this.#tally, this.#known.log, this.#known.state);
    const drawer = /** @type {HTMLElement | null} */ (this.closest(":popover-open"));
    this.#details.open(() => {
      drawer?.showPopover();
      this.#more.focus();
    });
  }
}

/** @param {State["budget"]} budget @param {Turn} turn @returns {string[]} */
function leftOf(budget, turn) {
  const left = [];
  if (budget.dollars > 0) left.push(dollars(Math.max(0, budget.dollars - turn.cost)));
  if (budget.responses > 0) left.push(counted("1 answer", "{count} answers", Math.max(0, budget.responses - turn.answers)));
  return left;
}

customElements.define("usage-meter", UsageMeter);
