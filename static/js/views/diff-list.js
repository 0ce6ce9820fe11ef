/** The list of the files that changed, flat or as a tree. @import { ChangedFile, Folder } from "../changes.js" */

import { keyOf, treeOf } from "../changes.js";
import { el } from "../dom.js";
import { number } from "../format.js";
import { t } from "../words.js";

const STATUS = {
  added: () => ["A", t("added")],
  copied: () => ["C", t("copied")],
  deleted: () => ["D", t("deleted")],
  modified: () => ["M", t("modified")],
  renamed: () => ["R", t("renamed")],
  retyped: () => ["T", t("of another kind now")],
};

/** @param {ChangedFile} file */
export function badge({ status }) {
  const [letter = "", word = ""] = STATUS[status]();
  const sign = el("span", { "aria-hidden": "true", text: letter });
  return el("span", { class: `d-badge d-badge-${status}`, title: word }, sign, el("span", { class: "visually-hidden", text: word }));
}

/** @param {ChangedFile} file @returns {HTMLElement[]} */
export function counts({ added, removed, binary }) {
  if (binary) return [el("span", { class: "d-count", text: t("binary") })];
  return [
    added ? el("span", { class: "diff-count diff-count-add", text: `+${number(added)}` }) : null,
    removed ? el("span", { class: "diff-count diff-count-del", text: `−${number(removed)}` }) : null,
  ].filter((each) => each !== null);
}

export class DiffList extends HTMLElement {
  /** @param {readonly ChangedFile[]} files @param {boolean} isFlat @param {(key: string) => void} jump */
  show(files, isFlat, jump) {
    const item = (/** @type {ChangedFile} */ file, /** @type {string} */ name) =>
      el(
        "li",
        {},
        el(
          "button",
          { class: "d-item", type: "button", title: file.path, "data-key": keyOf(file), onClick: () => jump(keyOf(file)) },
          badge(file),
          el("span", { class: "d-name", text: name }),
          ...counts(file),
        ),
      );
    /** @type {(folder: Folder) => HTMLElement} */
    const branch = ({ folders, files: here }) =>
      el(
        "ul",
        {},
        ...folders.map((folder) => el("li", {}, el("details", { open: true }, el("summary", { text: folder.name }), branch(folder)))),
        ...here.map((file) => item(file, file.path.slice(file.path.lastIndexOf("/") + 1))),
      );
    const focused = document.activeElement instanceof HTMLElement ? document.activeElement.dataset.key : undefined;
    this.replaceChildren(isFlat ? el("ul", {}, ...files.map((file) => item(file, file.path))) : branch(treeOf(files)));
    if (focused) this.#button(focused)?.focus();
  }

  /** The file that is being looked at. @param {string} key */
  mark(key) {
    const before = this.querySelector("button[aria-current]");
    const now = this.#button(key);
    if (before === now) return;
    before?.removeAttribute("aria-current");
    now?.setAttribute("aria-current", "true");
  }

  /** @param {string} key */
  #button(key) {
    return [...this.querySelectorAll("button")].find((each) => each.dataset.key === key);
  }
}

customElements.define("diff-list", DiffList);
