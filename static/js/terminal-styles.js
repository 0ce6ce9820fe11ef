/**
 * Lets the styles of xterm.js through a policy without 'unsafe-inline'.
 *
 * It writes rules into `<style>` elements and colours into `style` attributes, and both are inline styles. A constructed sheet
 * and the CSSOM are not, and scripts may use them in any case. So where xterm.js asks for a `<style>`, it is given an element
 * that fills a sheet, and a span's `style` attribute that a script sets goes by way of `style.cssText`. (Its option for a
 * document of one's own is not heeded everywhere, as of 6.0.0.)
 */

class SheetElement extends HTMLElement {
  #sheet = new CSSStyleSheet();

  /** @override @returns {string} */
  get textContent() {
    return "";
  }

  /** @override */
  set textContent(text) {
    this.#sheet.replaceSync(text);
  }

  connectedCallback() {
    this.hidden = true;
    document.adoptedStyleSheets = [...document.adoptedStyleSheets, this.#sheet];
  }

  disconnectedCallback() {
    document.adoptedStyleSheets = document.adoptedStyleSheets.filter((each) => each !== this.#sheet);
  }
}

customElements.define("terminal-sheet", SheetElement);

/** @this {HTMLElement} @param {string} name @param {string} value */
HTMLSpanElement.prototype.setAttribute = function (name, value) {
  if (name === "style") this.style.cssText = value;
  else Element.prototype.setAttribute.call(this, name, value);
};

/** Run `open`, which makes elements, with sheets in the place of `<style>`. @param {() => void} open */
export function withSheets(open) {
  const plain = document.createElement;
  document.createElement = /** @type {typeof plain} */ ((/** @type {string} */ tag) =>
    tag === "style" ? new SheetElement() : plain.call(document, tag));
  try {
    open();
  } finally {
    Reflect.deleteProperty(document, "createElement");
  }
}
