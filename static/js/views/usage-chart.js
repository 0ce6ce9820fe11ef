/**
 * What each turn used, a bar a turn in the order of time: money where any is known, else tokens. The figures stand in the table
 * beside it (`usage-details.js`); this is a picture with one sentence.
 *
 * @import { Turn } from "../usage.js"
 */

import { el, say } from "../dom.js";
import { clockTime, dollars, number, tokens } from "../format.js";
import { tokensOf } from "../usage.js";
import { t } from "../words.js";

const SVG = "http://www.w3.org/2000/svg";
const HEIGHT = 48;
/** So that a turn that cost nearly nothing is not taken for none. */
const LEAST = 1.5;

export class UsageChart extends HTMLElement {
  #svg = svg("svg", { class: "usage-bars", preserveAspectRatio: "none", role: "img" });
  #first = el("span");
  #most = el("span");
  #last = el("span");
  /** @type {readonly Turn[]} */
  #turns = [];

  connectedCallback() {
    this.append(this.#svg, el("div", { class: "usage-axis", "aria-hidden": "true" }, this.#first, this.#most, this.#last));
  }

  /** @param {readonly Turn[]} turns in order @param {number} most bars; of more turns, the last ones are shown */
  show(turns, most) {
    const shown = turns.slice(-most);
    // A turn that is over changes no more.
    if (shown.length === this.#turns.length && shown.every((turn, at) => same(turn, this.#turns[at]))) return;
    this.#turns = shown;
    const paid = shown.some(({ cost }) => cost > 0);
    const sizes = shown.map((turn) => (paid ? turn.cost : tokensOf(turn)));
    const words = paid ? dollars : (/** @type {number} */ size) => t("{count} tokens", { count: tokens(size) });
    const top = Math.max(...sizes, Number.EPSILON);
    // Few turns are thin bars at the left, and not one wide block.
    const places = Math.max(shown.length, 12);
    this.#svg.setAttribute("viewBox", `0 0 ${places * 10} ${HEIGHT}`);
    this.#svg.replaceChildren(
      ...shown.map((turn, at) => {
        const height = sizes[at] ? Math.max(LEAST, ((sizes[at] ?? 0) / top) * HEIGHT) : 0;
        const bar = svg("rect", { x: at * 10 + 1, y: HEIGHT - height, width: 8, height, class: turn.over ? "" : "usage-now" });
        const title = svg("title", {});
        title.textContent = `${clockTime(turn.began)} · ${words(sizes[at] ?? 0)}${turn.words ? ` · ${turn.words}` : ""}`;
        bar.append(title);
        return bar;
      }),
    );
    const values = { count: number(shown.length), most: words(Math.max(...sizes, 0)) };
    this.#svg.setAttribute("aria-label", t("{count} turns, the largest of {most}", values));
    say(this.#first, clockTime(shown[0]?.began ?? ""));
    say(this.#most, t("{most} at most", values));
    say(this.#last, shown.length === places ? clockTime(shown.at(-1)?.began ?? "") : "");
  }
}

/** @param {Turn} turn @param {Turn | undefined} other */
const same = (turn, other) =>
  turn.idx === other?.idx && turn.cost === other.cost && turn.answers === other.answers && turn.over === other.over && tokensOf(turn) === tokensOf(other);

/** @param {string} tag @param {Record<string, string | number>} attributes */
function svg(tag, attributes) {
  const element = document.createElementNS(SVG, tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, String(value));
  return element;
}

customElements.define("usage-chart", UsageChart);
