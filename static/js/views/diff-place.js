/**
 * The reader's place among the files that changed.
 *
 * @import { DiffFile } from "./diff-file.js"
 */

/**
 * What is at the top of `main` stays there while `change` is made.
 *
 * @param {HTMLElement} main @param {DiffFile[]} views @param {() => Promise<void>} change
 */
export const keepPlace = async (main, views, change) => {
  const edge = main.getBoundingClientRect().top;
  const view = views.find((each) => each.getBoundingClientRect().bottom > edge);
  const rows = [...(view?.querySelectorAll(".d-no button") ?? [])];
  const row = rows.find((each) => each.getBoundingClientRect().bottom > edge);
  const { side, line } = row instanceof HTMLElement ? row.dataset : {};
  const before = (row ?? view)?.getBoundingClientRect().top ?? 0;
  await change();
  const same = row && view?.querySelector(`.d-no button[data-side="${side}"][data-line="${line}"]`);
  const now = same ?? (row ? null : view);
  if (now?.isConnected) main.scrollTop += now.getBoundingClientRect().top - before;
};
