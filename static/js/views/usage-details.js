/**
 * What was used, by turn and by tool: the chart over time with its figures in tables, over the page.
 *
 * @import { Log } from "../reducer.js"
 * @import { Tally, Turn } from "../usage.js"
 * @import { State } from "../wire.js"
 */

import { el, say, want } from "../dom.js";
import { clockTime, dollars, duration, number, tokens } from "../format.js";
import { tokensIn } from "../usage.js";
import { counted, t } from "../words.js";
import { dialogHead } from "./dialog-head.js";
import { UsageChart } from "./usage-chart.js";

const BARS = 120;
/** Rows of a table; nobody reads more, and the totals count all. */
const ROWS = 200;

export class UsageDetails extends HTMLElement {
  #chart = new UsageChart();
  #total = el("p", { class: "usage-total" });
  #earlier = el("p", { class: "note", hidden: true });
  #turns = el("tbody");
  #tools = el("tbody");
  #toolBox = el(
    "section",
    {},
    el("h3", { id: "usage-tools", text: t("By tool") }),
    el("p", { class: "note", text: t("Results are characters that the model was given to read. Tokens and cost are those of sub-agents; what a tool is asked, and what is read of it, counts for the turn.") }),
    table("usage-tools", [t("Tool"), t("Calls"), t("Failed"), t("Time"), t("A call"), t("Results"), t("Tokens"), t("Cost")], this.#tools),
  );
  #dialog = el(
    "dialog",
    { class: "sheet usage-sheet", "aria-labelledby": "usage-title" },
    dialogHead("sheet-head", "usage-title", t("Usage"), () => this.#dialog.close()),
    el(
      "div",
      { class: "sheet-body", tabindex: 0 },
      this.#total,
      this.#chart,
      this.#toolBox,
      el(
        "section",
        {},
        el("h3", { id: "usage-turns", text: t("By turn") }),
        this.#earlier,
        table(
          "usage-turns",
          [t("Turn"), t("Begun"), t("Took"), t("Answers"), t("Tools"), t("Input"), t("Cached"), t("Output"), t("Cost")],
          this.#turns,
        ),
      ),
    ),
  );
  /** @type {Tally | null} */
  #shown = null;
  /** @type {() => void} */
  #onClose = () => undefined;

  connectedCallback() {
    this.#dialog.addEventListener("click", (event) => event.target === this.#dialog && this.#dialog.close());
    this.#dialog.addEventListener("close", () => this.#onClose());
    this.append(this.#dialog);
  }

  get isOpen() {
    return this.#dialog.open;
  }

  /** @param {() => void} onClose called unless the reader goes on to a message */
  open(onClose) {
    this.#onClose = onClose;
    if (!this.#dialog.open) this.#dialog.showModal();
  }

  /** @param {Tally} tally @param {Log} log @param {State} state */
  show(tally, log, { total_usage: usage }) {
    const all = tokensIn(usage);
    const values = {
      cost: dollars(usage.total_cost_usd),
      tokens: counted("1 token", "{count} tokens", all, { count: tokens(all) }),
      answers: counted("1 answer", "{count} answers", usage.messages),
    };
    // The State comes after the messages that it counts.
    say(this.#total, t("{cost} and {tokens} in {answers} since the session began", values));
    if (tally === this.#shown) return;
    this.#shown = tally;
    this.#chart.show(tally.turns, BARS);
    this.#earlier.hidden = log.base === 0;
    say(this.#earlier, t("What was before message {number} is counted above, and not listed here.", { number: number(log.base + 1) }));
    this.#turns.replaceChildren(...tally.turns.slice(-ROWS).reverse().map((turn) => this.#turnRow(turn)));
    this.#toolBox.hidden = tally.tools.length === 0;
    this.#tools.replaceChildren(
      ...tally.tools.slice(0, ROWS).map(({ name, calls, failed, ms, given, tokens: own, cost }) =>
        row(el("span", { class: "usage-tool", text: name, title: name }), [
          number(calls),
          failed ? number(failed) : "–",
          duration(ms),
          calls ? duration(ms / calls) : "–",
          tokens(given),
          own ? tokens(own) : "–",
          own || cost ? dollars(cost) : "–",
        ]),
      ),
    );
  }

  /** @param {Turn} turn */
  #turnRow(turn) {
    const words = turn.words || t("Turn");
    const name =
      turn.idx < 0
        ? el("span", { text: words, title: words })
        : el("button", { class: "usage-link", type: "button", text: words, title: words, onClick: () => this.#goTo(turn.idx) });
    return row(name, [
      clockTime(turn.began),
      turn.over ? duration(turn.ms) : t("running"),
      number(turn.answers),
      number(turn.tools),
      tokens(turn.input),
      tokens(turn.cached),
      tokens(turn.output),
      dollars(turn.cost),
    ]);
  }

  /** @param {number} idx */
  #goTo(idx) {
    this.#onClose = () => undefined;
    this.#dialog.close();
    // As for a link that somebody was sent; also where the address has named it before.
    want(this, { kind: "message", idx });
  }
}

/** @param {string} label id of its heading @param {string[]} heads @param {HTMLElement} body */
function table(label, heads, body) {
  const head = heads.map((text) => el("th", { scope: "col", text }));
  return el(
    "div",
    { class: "usage-scroll", tabindex: 0, role: "region", "aria-labelledby": label },
    el("table", { class: "usage-table", "aria-labelledby": label }, el("thead", {}, el("tr", {}, ...head)), body),
  );
}

/** @param {HTMLElement} name @param {string[]} cells */
function row(name, cells) {
  return el("tr", {}, el("th", { scope: "row" }, name), ...cells.map((text) => el("td", { text })));
}

customElements.define("usage-details", UsageDetails);
