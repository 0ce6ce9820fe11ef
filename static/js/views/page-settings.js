/**
 * Leads to what the user chooses for this browser.
 *
 * @import { Summons } from "../summons.js"
 * @import { SettingsDialog } from "./settings-dialog.js"
 */

import { el, icon } from "../dom.js";
import { Later } from "../later.js";
import { t } from "../words.js";

const dialogs = new Later(async () => (await import("./settings-dialog.js")).SettingsDialog);

export class PageSettings extends HTMLElement {
  /** @type {Summons | null} Set before the first press. */
  summons = null;
  /** @type {SettingsDialog | null} */
  #dialog = null;

  connectedCallback() {
    const onClick = () => dialogs.use((Dialog) => this.#open(Dialog));
    this.append(el("button", { class: "button quiet wide", type: "button", id: "settings", onClick }, icon("settings"), t("Settings")));
  }

  /** @param {typeof SettingsDialog} Dialog */
  #open(Dialog) {
    if (!this.summons) throw new Error("the settings need what calls the user");
    if (!this.#dialog) this.append((this.#dialog = new Dialog(this.summons)));
    this.#dialog.open();
  }
}

customElements.define("page-settings", PageSettings);
