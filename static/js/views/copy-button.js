/** The button that copies a text, and what became of it: seen as a sign, and told to readers of screens. */

import { el, icon, say } from "../dom.js";
import { t } from "../words.js";

/** @param {() => string} text @returns {HTMLElement[]} where the browser has no clipboard (on http), none */
export function copyButton(text) {
  const { clipboard } = /** @type {{ clipboard?: Clipboard }} */ (navigator);
  if (!clipboard) return [];
  const said = el("span", { class: "copy-said visually-hidden", role: "status" });
  const copy = el("button", { class: "copy", type: "button", "aria-label": t("Copy code"), title: t("Copy code") }, icon("copy"));
  const done = (/** @type {string} */ words, /** @type {boolean} */ isCopied) => {
    // Where the sign does not tell it, the words are seen.
    said.classList.toggle("visually-hidden", isCopied);
    say(said, words);
    copy.replaceChildren(icon(isCopied && words ? "ok" : "copy"));
  };
  copy.addEventListener("click", () => {
    // Emptied first: the same words once more would not be told.
    said.textContent = "";
    clipboard.writeText(text()).then(
      () => done(t("Copied"), true),
      (error) => {
        console.info("copying", error);
        done(t("The browser does not let the page copy."), false);
      },
    );
  });
  // The words lie over the code.
  copy.addEventListener("blur", () => done("", true));
  return [said, copy];
}
