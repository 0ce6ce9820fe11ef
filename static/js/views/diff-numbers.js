/** The numbers of a file's lines: one of them is reached by Tab, the others from there by arrows. */

/** Let `button` be the one in `root` that Tab reaches. @param {HTMLElement} root @param {HTMLElement} button */
export const chooseNumber = (root, button) => {
  for (const each of root.querySelectorAll('.d-no button[tabindex="0"]')) each.setAttribute("tabindex", "-1");
  button.setAttribute("tabindex", "0");
  button.dataset.chosen = "true";
};

/** The number that was pressed, if it was one. @param {Event} event */
export const numberOf = ({ target }) => {
  const button = target instanceof Element ? target.closest(".d-no button") : null;
  return button instanceof HTMLElement ? button : null;
};

/** Go on by a key from the number in `root` that has the focus. @param {HTMLElement} root @param {KeyboardEvent} event */
export const moveNumber = (root, event) => {
  const button = numberOf(event);
  if (!button || event.ctrlKey || event.metaKey || event.altKey) return;
  const all = /** @type {HTMLElement[]} */ ([...root.querySelectorAll(".d-no button")]);
  const at = all.indexOf(button);
  const places = { ArrowDown: at + 1, ArrowUp: at - 1, Home: 0, End: all.length - 1, PageDown: at + 20, PageUp: at - 20 };
  const to = places[/** @type {keyof typeof places} */ (event.key)];
  if (to === undefined) return;
  event.preventDefault();
  const next = all[Math.min(Math.max(to, 0), all.length - 1)];
  if (next) chooseNumber(root, next);
  next?.focus();
};
