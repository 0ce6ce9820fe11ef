/**
 * An image of which the message holds only the id. The page's policy lets no address of a blob be an image's, but the data itself.
 */

import { el, want } from "../dom.js";

/** What models look at, and browsers show. */
export const IMAGES = new Set(["image/png", "image/jpeg", "image/gif", "image/webp"]);

/** @param {string} blob @param {string} type one of IMAGES @param {string} name how the image is called @param {string} alt */
export function keptImage(blob, type, name, alt) {
  const image = el("img", { class: name, alt });
  // Not before it is in the document: the wish goes up through it.
  queueMicrotask(() => want(image, { kind: "blob", blob, take: (data) => showImage(image, data, type) }));
  return image;
}

/** @param {HTMLImageElement} image @param {Blob} data @param {string} type */
export function showImage(image, data, type) {
  const reader = new FileReader();
  reader.addEventListener("load", () => (image.src = String(reader.result)));
  reader.readAsDataURL(new Blob([data], { type }));
}

/** @param {Blob} data @param {string} name */
export function saveAs(data, name) {
  const url = URL.createObjectURL(data);
  el("a", { href: url, download: name }).click();
  // The browser has taken hold of it by then.
  setTimeout(() => URL.revokeObjectURL(url), 60_000);
}
