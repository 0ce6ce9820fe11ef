/** What stands at the top of a dialog that can simply be closed: its name, and the button. */

import { el, icon } from "../dom.js";
import { t } from "../words.js";

/** @param {string} kind its class @param {string} id by which the dialog is labelled @param {string} words @param {() => void} close */
export const dialogHead = (kind, id, words, close) =>
  el(
    "div",
    { class: kind },
    el("h2", { id, text: words }),
    el("button", { class: "button quiet", type: "button", "aria-label": t("Close"), onClick: close }, icon("close")),
  );
