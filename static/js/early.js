/**
 * Before the first paint: the colours that the user has chosen, or the page would flash in those of the system. A script of the
 * old kind, for modules run only after the page is there. `theme.js` does the rest.
 */
{
  let chosen = null;
  try {
    chosen = localStorage.getItem("trio-agent.theme");
  } catch {
    // A page without storage follows the system.
  }
  if (chosen === "light" || chosen === "dark") document.documentElement.dataset.theme = chosen;
}
