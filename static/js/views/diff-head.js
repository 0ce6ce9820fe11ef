/**
 * The head of one file that changed: its name, how it changed, and what can be done with it.
 *
 * @import { ChangedFile } from "../changes.js"
 */

import { el, icon } from "../dom.js";
import { t } from "../words.js";
import { badge, counts } from "./diff-list.js";

/** @param {ChangedFile} file @param {{ isFolded: boolean, fold: () => void, open: () => void }} how */
export const headOf = (file, { isFolded, fold, open }) => {
  const path = el("span", { class: "d-path" }, ...breakable(file.old_path ? `${file.old_path} → ${file.path}` : file.path));
  const modes = file.old_mode && file.new_mode && file.old_mode !== file.new_mode;
  const mode = modes && el("span", { class: "d-count", text: t("mode {old} → {new}", { old: file.old_mode, new: file.new_mode }) });
  const name = el(
    "button",
    { class: "d-fold", type: "button", "aria-expanded": String(!isFolded), onClick: fold },
    icon("forward"),
    badge(file),
    el("span", { class: "d-title" }, path, mode || null),
  );
  const label = t("Open {path}", { path: file.path });
  const opening =
    (file.status !== "deleted" || null) &&
    el("button", { class: "button small quiet", type: "button", "aria-label": label, onClick: open, text: t("Open") });
  return [name, el("span", { class: "d-counts" }, ...counts(file)), opening ?? ""];
};

/** A path that may be broken after a folder. @param {string} path */
const breakable = (path) => path.split("/").flatMap((part, i) => (i ? ["/", el("wbr"), part] : [part]));
