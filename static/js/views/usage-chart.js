/**
 * What each turn used, a bar a turn in the order of time: money where any is known, else tokens. The figures stand in the table
 * beside it (`usage-details.js`); this is a picture with one sentence.
 *
 * @import { Turn } from "../usage.js"
 */

import { el, say } from "../dom.js";
import { clockTime, dollars, tokens } from "../format.js";
import { tokensOf } from "../usage.js";
import { counted, t } from "../words.js";

const SVG = "http://www.w3.org/2000/svg";
const HEIGHT = 48;
/** So that a turn that cost nothing, or nearly so, is not taken for none: it would look like a hole. */
const LEAST = 1.5;
const HAIR = 0.75;

export class UsageChart extends HTMLElement {
  #svg = svg("svg", { class: "usage-bars", preserveAspectRatio: "none", role: "img" });
  #top = el("div", { class: "usage-top", "aria-hidden": "true" });
  #first = el("span");
  #last = el("span");
  #caption = el("p", { class: "note", "aria-hidden": "true" });
  /** @type {readonly Turn[]} */
  #turns = [];

  connectedCallback() {
    const times = el("div", { class: "usage-axis", "aria-hidden": "true" }, this.#first, this.#last);
    this.append(this.#top, this.#svg, times, this.#caption);
  }

  /** @param {readonly Turn[]} turns in order @param {number} room bars; of more turns, the last ones are shown */
  show(turns, room) {
    const shown = turns.slice(-room);
    // A turn that is over changes no more.
    if (shown.length === this.#turns.length && shown.every((turn, at) => same(turn, this.#turns[at]))) return;
    this.#turns = shown;
    const paid = shown.some(({ cost }) => cost > 0);
    const sizes = shown.map((turn) => (paid ? turn.cost : tokensOf(turn)));
    const words = paid ? dollars : inTokens;
    const most = Math.max(...sizes, 0);
    // Few turns are thin bars at the left, and not one wide block.
    const places = Math.max(shown.length, 12);
    this.#svg.setAttribute("viewBox", `0 0 ${places * 10} ${HEIGHT}`);
    this.#svg.replaceChildren(
      ...shown.map((turn, at) => {
        const size = sizes[at] ?? 0;
        const height = Math.max(size ? LEAST : HAIR, (size / (most || 1)) * HEIGHT);
        const kind = turn.over ? (size ? "" : "usage-free") : "usage-now";
        const bar = svg("rect", { x: at * 10 + 1, y: HEIGHT - height, width: 8, height, class: kind });
        const title = svg("title", {});
        say(title, `${clockTime(turn.began)} · ${words(size)}${turn.words ? ` · ${turn.words}` : ""}`);
        bar.append(title);
        return bar;
      }),
    );
    const values = { most: words(most) };
    const label = most
      ? counted("1 turn, of {most}", "{count} turns, the largest of {most}", shown.length, values)
      : counted("1 turn, which used no tokens", "{count} turns, which used no tokens", shown.length);
    this.#svg.setAttribute("aria-label", label);
    // The line at the top is a scale: as high as the tallest bar.
    this.#svg.classList.toggle("usage-scaled", most > 0);
    say(this.#top, most ? words(most) : "");
    say(this.#caption, most ? t("Each bar is a turn; the tallest: {most}", values) : t("Each bar is a turn; no tokens were used"));
    say(this.#first, clockTime(shown[0]?.began ?? ""));
    say(this.#last, shown.length === places ? clockTime(shown.at(-1)?.began ?? "") : "");
  }
}

/** @param {number} size */
const inTokens = (size) => counted("1 token", "{count} tokens", size, { count: tokens(size) });

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
