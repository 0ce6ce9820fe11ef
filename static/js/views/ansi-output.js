/** A program's output with its colours; see `ansi.js`. @import { Style } from "../ansi.js" */

import { parseAnsi, PLAIN } from "../ansi.js";

/** @type {WeakMap<Element, string>} */
const shown = new WeakMap();

/** Makes `element` show `text`, as a terminal would. @param {HTMLElement} element @param {string} text */
export function showOutput(element, text) {
  if (shown.get(element) === text) return;
  shown.set(element, text);
  element.replaceChildren(
    ...parseAnsi(text).map((run) => (run.style === PLAIN ? run.text : styled(run.text, run.style))),
  );
}

/** @param {string} text @param {Style} style */
function styled(text, style) {
  const element = document.createElement("span");
  element.textContent = text;
  const { fg, bg, inverse, ...type } = style;
  const [ink, paper] = inverse ? [bg || "page", fg || "text"] : [fg, bg];
  for (const [name, on] of Object.entries(type)) if (on) element.classList.add(`ansi-${name}`);
  colour(element, "ink", ink);
  colour(element, "paper", paper);
  return element;
}

/** @param {HTMLElement} element @param {"ink" | "paper"} part @param {string} value of the palette, or `#rrggbb`; "" = none */
function colour(element, part, value) {
  if (value === "") return;
  element.classList.add(`ansi-${part}`);
  // The palette's own names lead to the page's colours, so that they can be read in light and dark.
  element.style.setProperty(`--ansi-${part}`, value.startsWith("#") ? value : `var(--ansi-${value})`);
}
