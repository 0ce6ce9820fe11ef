/**
 * The links of an answer say where they lead: quietly where the text says something else, and loudly where it names another
 * host. A link to a file opens it here; one that leads nowhere is no link. Images are links to them, for nothing is loaded that
 * nobody asked for: an address can carry data out.
 */

import { destination } from "../destination.js";
import { el, icon, want } from "../dom.js";
import { t } from "../words.js";

/** @param {Element} answer as the server rendered it */
export function showDestinations(answer) {
  for (const image of answer.querySelectorAll(".image")) {
    const alt = image.textContent?.trim();
    const source = image.matches("span") && !image.closest("a") ? image.getAttribute("title") : "";
    image.replaceChildren(icon("image"), alt ? t("Image: {alt}", { alt }) : t("Image"), source ? place(source) : "");
  }
  for (const link of answer.querySelectorAll("a")) dress(link);
}

/** @param {HTMLAnchorElement} link */
function dress(link) {
  const to = destination(link.getAttribute("href") ?? "", link.textContent ?? "");
  if (to.kind === "nowhere") return link.replaceWith(...link.childNodes);
  if (to.kind === "file") {
    const { path, line } = to;
    const onClick = () => want(file, { kind: "open-file", path, line });
    const file = el("button", { class: "file-link", type: "button", title: line ? `${path}:${line}` : path, onClick });
    file.append(...link.childNodes, to.place ? place(to.place) : "");
    return link.replaceWith(file);
  }
  link.target = "_blank";
  link.rel = "noopener noreferrer";
  link.title = link.href;
  if (to.elsewhere) {
    link.append(el("span", { class: "place elsewhere" }, icon("warning"), ` ${t("leads to {place}", { place: to.place })}`));
  } else if (to.place) link.append(place(to.place));
}

/** A box of its own, whose blank is not underlined. @param {string} text */
const place = (text) => el("span", { class: "place", text: ` (${text})` });
