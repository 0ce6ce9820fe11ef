/**
 * Plays what was recorded, in the place of the composer: where the page is served by a replay, and where somebody looks at an
 * earlier moment of a session that goes on.
 *
 * @import { Snapshot } from "../store.js"
 * @import { Command, Replayed } from "../replay.js"
 */

import { el, icon, say, want } from "../dom.js";
import { clockTime, number } from "../format.js";
import { countOf } from "../reducer.js";
import { SPEEDS as TRAVEL_SPEEDS } from "../time-travel.js";
import { t } from "../words.js";

const SPEEDS = [0.5, 1, 2, 5, 10, 20, 50, 100];

export class ReplayBar extends HTMLElement {
  #slider = el("input", { type: "range", id: "replay-position", min: 1, max: 1, step: 1, "aria-label": t("Message") });
  #word = el("span", { class: "replay-word" });
  #numbers = el("span", { class: "replay-numbers" });
  #place = el(
    "output",
    { class: "replay-place", id: "replay-place", for: "replay-position" },
    el("span", { class: "replay-message" }, t("Message"), " "),
    this.#numbers,
  );
  #speed = el("select", { id: "replay-speed", "aria-label": t("Speed") });
  #now = el("button", {
    id: "travel-now",
    class: "button small primary",
    type: "button",
    text: t("Back to now"),
    hidden: true,
    onClick: () => want(this, { kind: "now" }),
  });
  #play = this.#button("replay-play", "Play", "play", () => this.#toggle());
  #back = this.#button("replay-back", "Previous message", "back", () => this.#go(this.#position - 1));
  #on = this.#button("replay-on", "Next message", "forward", () => this.#go(this.#position + 1));
  #dragging = false;
  #position = 1;
  #count = 1;
  #playing = false;
  #travel = false;
  #time = "";

  connectedCallback() {
    this.#slider.addEventListener("input", () => {
      this.#dragging = true;
      this.#tell(Number(this.#slider.value));
    });
    this.#slider.addEventListener("change", () => {
      this.#dragging = false;
      this.#go(Number(this.#slider.value));
    });
    this.#speed.addEventListener("change", () => this.#want({ speed: Number(this.#speed.value) }));
    this.append(
      el(
        "div",
        { class: "replay", role: "group", "aria-label": t("Replay") },
        this.#word,
        el("div", { class: "replay-buttons" }, this.#back, this.#play, this.#on),
        this.#slider,
        this.#place,
        el("label", { class: "replay-speed" }, this.#speed),
        this.#now,
      ),
    );
  }

  /**
   * The bar for looking back in a session that goes on: nothing of it needs the server.
   * @param {Snapshot} snapshot
   * @param {Replayed & { timestamp: string, waiting: boolean }} known
   */
  showTravel(snapshot, known) {
    this.#travel = true;
    this.#time = known.waiting ? t("loading…") : clockTime(known.timestamp);
    this.show(snapshot, known, { position: known.position });
  }

  focusSlider() {
    this.#slider.focus();
  }

  /** @param {Snapshot} snapshot @param {Replayed | null} known null = not told yet @param {Command} pending */
  show({ log, connection }, known, pending) {
    const away = connection.status !== "connected" && !this.#travel;
    say(this.#word, this.#travel ? t("Earlier") : t("Replay"));
    this.#word.title = this.#travel ? t("As it was then; what comes now is held back") : t("A recorded session: to watch, not to change");
    this.#now.hidden = !this.#travel;
    this.#count = known?.count ?? Math.max(1, countOf(log));
    this.#position = pending.position ?? Math.max(1, countOf(log));
    this.#playing = pending.playing ?? known?.playing ?? false;
    const over = !this.#playing && this.#position === this.#count;
    this.#slider.max = String(this.#count);
    // What is beside it must not move while the numbers grow.
    const longest = t("{position} of {count}", { position: number(this.#count), count: number(this.#count) });
    this.#numbers.style.setProperty("--longest", `${longest.length}ch`);
    if (!this.#dragging) {
      this.#slider.value = String(this.#position);
      this.#tell(this.#position);
    }
    this.#draw(this.#play, this.#playing ? "Pause" : over ? "Play again" : "Play", over ? "again" : "");
    this.#showSpeed(pending.speed ?? known?.speed ?? 1);
    for (const control of [this.#slider, this.#speed, this.#play]) control.disabled = away || !known;
    this.#back.disabled = away || this.#position <= 1;
    this.#on.disabled = away || this.#position >= this.#count;
  }

  /** @param {number} position */
  #tell(position) {
    const numbers = t("{position} of {count}", { position: number(position), count: number(this.#count) });
    const time = this.#travel && this.#time && position === this.#position ? ` · ${this.#time}` : "";
    say(this.#numbers, numbers + time);
    this.#slider.setAttribute("aria-valuetext", t("Message {numbers}", { numbers: numbers + time }));
    // The part that is played, for the track's own colour.
    const part = this.#count > 1 ? (position - 1) / (this.#count - 1) : 1;
    this.#slider.style.setProperty("--part", `${(100 * part).toFixed(2)}%`);
  }

  /** @param {number} speed */
  #showSpeed(speed) {
    if (this.#speed.options.length === 0 || Number(this.#speed.value) !== speed) {
      const speeds = [...new Set([...(this.#travel ? TRAVEL_SPEEDS : SPEEDS), speed])].sort((one, other) => one - other);
      const options = speeds.map((each) => el("option", { value: each, text: `${each}×` }));
      this.#speed.replaceChildren(...options);
      this.#speed.value = String(speed);
    }
  }

  #toggle() {
    const over = this.#position === this.#count;
    this.#want(this.#playing ? { playing: false } : over ? { position: 1, playing: true } : { playing: true });
  }

  /** @param {number} position */
  #go(position) {
    this.#want({ position: Math.min(Math.max(position, 1), this.#count) });
  }

  /** @param {Command} command */
  #want(command) {
    want(this, { kind: "replay", command });
  }

  /** @param {string} id @param {string} says @param {string} shape @param {() => void} onClick */
  #button(id, says, shape, onClick) {
    return el(
      "button",
      { id, class: "button quiet", type: "button", "aria-label": t(says), title: t(says), "data-says": says, onClick },
      icon(shape),
    );
  }

  /** @param {HTMLButtonElement} button @param {string} says @param {string} shape empty = what it says */
  #draw(button, says, shape) {
    if (button.dataset.says === says) return;
    button.dataset.says = says;
    button.title = t(says);
    button.setAttribute("aria-label", t(says));
    button.replaceChildren(icon(shape || says.toLowerCase()));
  }
}

customElements.define("replay-bar", ReplayBar);
