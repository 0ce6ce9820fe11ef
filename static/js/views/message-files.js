/**
 * The files that came with a message of the user's: images are shown small and open to their size, others are saved.
 *
 * @import { Attached, Message } from "../wire.js"
 */

import { el, icon, want } from "../dom.js";
import { sizeOf } from "../format.js";
import { t } from "../words.js";
import { IMAGES, keptImage, saveAs } from "./kept-image.js";

/** The files that a message names; none of one that is not as it should be. @param {Message} message @returns {Attached[]} */
export function filesOf({ display }) {
  const files = display?.kind === "prompt" && Array.isArray(display.files) ? display.files : [];
  return files.filter(({ blob, name }) => typeof blob === "string" && typeof name === "string");
}

export class MessageFiles extends HTMLElement {
  /** @param {readonly Attached[]} files */
  show(files) {
    const rows = files.map((file) => el("li", {}, IMAGES.has(file.media_type) ? this.#image(file) : this.#other(file)));
    this.replaceChildren(el("ul", { class: "message-files", "aria-label": t("Files of this message") }, ...rows));
  }

  /** @param {Attached} file */
  #image({ blob, name, media_type: type }) {
    const button = el(
      "button",
      { class: "file-image", type: "button", "aria-expanded": "false", "aria-label": t("Show {name} larger", { name }), title: name },
      keptImage(blob, type, "file-thumb", ""),
    );
    button.addEventListener("click", () => {
      const large = button.getAttribute("aria-expanded") !== "true";
      button.setAttribute("aria-expanded", String(large));
    });
    return button;
  }

  /** @param {Attached} file */
  #other({ blob, name, size }) {
    const take = (/** @type {Blob} */ data) => saveAs(data, name);
    return el(
      "button",
      { class: "file-chip", type: "button", title: t("Save {name}", { name }), onClick: () => want(this, { kind: "blob", blob, take }) },
      icon("file"),
      el("span", { class: "file-name", text: name }),
      el("span", { class: "file-size", text: sizeOf(size) }),
    );
  }
}

customElements.define("message-files", MessageFiles);
