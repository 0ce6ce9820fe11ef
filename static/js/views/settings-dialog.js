/** What the user chooses for this browser: colours, language, and how the page calls for them. */

import { el, say, want } from "../dom.js";
import { chooseTheme, theme } from "../theme.js";
import { chooseLanguage, chosenLanguage, LANGUAGES, t } from "../words.js";
import { dialogHead } from "./dialog-head.js";

/** @import { Summons } from "../summons.js" @import { Theme } from "../theme.js" */

export class SettingsDialog extends HTMLElement {
  /** @param {Summons} summons */
  constructor(summons) {
    super();
    this.#summons = summons;
  }

  #summons;
  #theme = el("fieldset", { class: "theme-choice" }, el("legend", { text: t("Colours") }));
  #language = el("select", { id: "language", "aria-describedby": "language-note" });
  #languageNote = el("p", { class: "note", id: "language-note", role: "status", hidden: true });
  #speak = el("button", { class: "button wide", type: "button", id: "speak", hidden: true, text: t("Change the language") });
  #notify = el("input", { type: "checkbox", id: "notify", "aria-describedby": "notify-note" });
  #notifyNote = el("p", { class: "note", id: "notify-note", role: "status" });
  #sound = el("input", { type: "checkbox", id: "sound" });
  #dialog = el(
    "dialog",
    { class: "dialog", "aria-labelledby": "settings-title" },
    dialogHead("dialog-head", "settings-title", t("Settings"), () => this.#dialog.close()),
    el("p", { class: "note", text: t("They are kept in this browser.") }),
    this.#theme,
    el("label", { class: "setting" }, el("span", { text: t("Language") }), this.#language),
    this.#speak,
    this.#languageNote,
    el("label", { class: "setting" }, el("span", { text: t("Notify me when the agent is done, or asks") }), this.#notify),
    this.#notifyNote,
    el("label", { class: "setting" }, el("span", { text: t("With a sound") }), this.#sound),
    el("p", { class: "note", text: t("Only while the page is out of view.") }),
  );

  connectedCallback() {
    const themes = { system: t("As the system"), light: t("Light"), dark: t("Dark") };
    for (const [value, words] of Object.entries(themes)) {
      const radio = el("input", { type: "radio", name: "theme", value, checked: theme() === value });
      radio.addEventListener("change", () => chooseTheme(/** @type {Theme} */ (value)));
      this.#theme.append(el("label", {}, radio, el("span", { text: words })));
    }
    const languages = { "": t("As the browser"), ...LANGUAGES };
    for (const [value, text] of Object.entries(languages)) {
      this.#language.append(el("option", { value, text, lang: value || null, selected: chosenLanguage() === value }));
    }
    // Arrow keys go through all of them, so that choosing alone does nothing yet.
    this.#language.addEventListener("change", () => this.#offer());
    this.#speak.addEventListener("click", () => this.#change());
    this.#notify.addEventListener("change", () => void this.#allow());
    this.#sound.addEventListener("change", () => {
      this.#summons.allowSound(this.#sound.checked);
      if (this.#sound.checked) this.#summons.ring();
    });
    this.#dialog.addEventListener("click", (event) => event.target === this.#dialog && this.#dialog.close());
    this.append(this.#dialog);
  }

  open() {
    this.#draw();
    this.#language.value = chosenLanguage();
    this.#offer();
    if (!this.#dialog.open) this.#dialog.showModal();
  }

  #offer() {
    this.#speak.hidden = this.#language.value === chosenLanguage();
    this.#tell(this.#speak.hidden ? "" : t("The page is loaded again for it."));
  }

  /** Without a server the page would be gone, with all that waits in it. */
  #change() {
    const chosen = this.#language.value;
    this.#tell(t("Asking the server…"));
    want(this, {
      kind: "ping",
      take: (ms) => {
        if (this.#language.value !== chosen) return;
        if (ms === null) return this.#tell(t("The server does not answer, and the page cannot be loaded again without it."));
        chooseLanguage(chosen);
        want(this, { kind: "reload" });
      },
    });
  }

  /** @param {string} words */
  #tell(words) {
    say(this.#languageNote, words);
    this.#languageNote.hidden = words === "";
  }

  async #allow() {
    await this.#summons.allowNotes(this.#notify.checked);
    this.#draw();
  }

  #draw() {
    const summons = this.#summons;
    this.#notify.checked = summons.notes;
    this.#notify.disabled = summons.permission === "missing";
    this.#notifyNote.textContent = {
      granted: "",
      default: "",
      denied: t("The browser does not let this page notify you. Its own settings for this page can change that."),
      missing: t("This browser has no notifications for this page: it has them on https and on localhost only."),
    }[summons.permission];
    this.#notifyNote.hidden = this.#notifyNote.textContent === "";
    this.#sound.checked = summons.sound;
  }
}

customElements.define("settings-dialog", SettingsDialog);
