/** The one door by which HTML enters the page: what the server rendered from Markdown and sanitised. */

/** @type {{ createHTML: (html: string) => any } | undefined} */
const policy = /** @type {any} */ (globalThis).trustedTypes?.createPolicy("trio-agent", {
  createHTML: (/** @type {string} */ html) => html,
});

/** @param {Element} element @param {string} html from `messages/IDX/html` and nowhere else */
export function setSanitised(element, html) {
  element.innerHTML = policy ? policy.createHTML(html) : html;
  for (const link of element.querySelectorAll("a")) {
    // A relative link would lead to this server, which has no such page.
    if (!/^(https?:|mailto:)/i.test(link.getAttribute("href") ?? "")) link.removeAttribute("href");
    link.target = "_blank";
    link.rel = "noopener noreferrer";
  }
}
