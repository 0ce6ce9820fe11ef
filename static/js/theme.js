/**
 * Light or dark: as the system, or as the user has chosen in this browser. The colours themselves are in `tokens.css`.
 *
 * @typedef {"system" | "light" | "dark"} Theme
 */

import { keep, recall } from "./storage.js";

/** `early.js` reads it, too. */
const KEY = "trio-agent.theme";

/** Told on the document when colours have changed, for what is not drawn by CSS. */
export const THEME_CHANGED = "themechanged";

const DARK = "(prefers-color-scheme: dark)";

/** @returns {Theme} */
export function theme() {
  const kept = recall(KEY);
  return kept === "light" || kept === "dark" ? kept : "system";
}

/** @param {Theme} chosen */
export function chooseTheme(chosen) {
  keep(KEY, chosen === "system" ? null : chosen);
  dress();
}

/** Keep the page in what is chosen: here, in another tab, by the system. */
export function followTheme() {
  addEventListener("storage", ({ key }) => key === KEY && dress());
  matchMedia(DARK).addEventListener("change", dress);
  dress();
}

function dress() {
  const chosen = theme();
  if (chosen === "system") delete document.documentElement.dataset.theme;
  else document.documentElement.dataset.theme = chosen;
  // What the browser or the phone draws around the page.
  const page = inkOf(document.documentElement, "--page");
  for (const meta of document.querySelectorAll('meta[name="theme-color"]')) {
    meta.setAttribute("content", page);
    meta.removeAttribute("media");
  }
  document.dispatchEvent(new Event(THEME_CHANGED));
}

/**
 * A colour of `tokens.css` as it is now: the property itself holds both.
 * @param {HTMLElement} element
 * @param {string} name
 */
export function inkOf(element, name) {
  const before = element.style.color;
  element.style.color = `var(${name})`;
  const { color } = getComputedStyle(element);
  element.style.color = before;
  return color;
}
