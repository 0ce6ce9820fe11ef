/** The one door by which HTML enters the page: what the server rendered from Markdown and sanitised. */

import { showDestinations } from "./views/answer-links.js";

/** @type {{ createHTML: (html: string) => any } | undefined} */
const policy = /** @type {any} */ (globalThis).trustedTypes?.createPolicy("trio-agent", {
  createHTML: (/** @type {string} */ html) => html,
});

/** @param {Element} element @param {string} html from `messages/IDX/html` and nowhere else */
export function setSanitised(element, html) {
  element.innerHTML = policy ? policy.createHTML(html) : html;
  showDestinations(element);
}
