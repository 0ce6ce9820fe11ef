/**
 * What runs in the session now, as the tree that it is: since when, until when at most, and a stop for what can be stopped.
 *
 * Source of roles and keys: WAI-ARIA Authoring Practices, Tree View. The rows are flat, with their level said, so that each row
 * stays the element it was while others come and go. What ticks are texts of a fixed width, twice at most in a row.
 *
 * @import { Snapshot } from "../store.js"
 * @import { Row } from "../tasks.js"
 * @import { Log } from "../reducer.js"
 */

import { el, say } from "../dom.js";
import { rowsOf, ticking } from "../tasks.js";
import { t } from "../words.js";
import { TaskRow } from "./task-row.js";

const TICK_MS = 1000;

export class TaskTree extends HTMLElement {
  #tree = el("div", {
    class: "task-rows",
    role: "tree",
    "aria-label": t("What runs now"),
    onKeydown: (/** @type {KeyboardEvent} */ event) => this.#key(event),
    onFocusin: (/** @type {FocusEvent} */ event) => this.#enter(event.target),
  });
  /** In a line that is there: one that comes and goes would move what stands below. */
  #stale = el("span", { class: "count" });
  #empty = el("p", { class: "note", text: t("Nothing is running.") });
  /** @type {Map<number, TaskRow>} */
  #rows = new Map();
  /** @type {Row[]} */
  #shown = [];
  /** @type {Set<number>} Those whose parts are folded away. */
  #closed = new Set();
  /** The one that Tab leads to. */
  #current = 0;
  /** @type {Snapshot["tasks"]} */
  #known = null;
  /** @type {Log | null} */
  #log = null;
  /** @type {ReturnType<typeof setInterval> | undefined} */
  #timer;
  #live = true;

  connectedCallback() {
    this.hidden = true;
    this.#tree.hidden = true;
    this.append(el("h2", { tabindex: -1 }, t("Running"), this.#stale), this.#tree, this.#empty);
  }

  disconnectedCallback() {
    clearInterval(this.#timer);
    this.#timer = undefined;
  }

  /** @param {Pick<Snapshot, "tasks" | "log" | "connection">} snapshot */
  show({ tasks, log, connection }) {
    const live = connection.status === "connected" && tasks !== null;
    this.#log = log;
    if (live !== this.#live) {
      this.#live = live;
      this.toggleAttribute("data-stale", !live);
      say(this.#stale, live ? "" : t("not up to date"));
      for (const row of this.#rows.values()) row.setLive(live);
      this.#tick();
    }
    // A connection that is made anew tells of them in a moment: what was told last stays on the screen until then, dimmed.
    if (!tasks || tasks === this.#known) return;
    this.#known = tasks;
    this.hidden = false;
    this.#draw();
  }

  #draw() {
    const had = this.#tree.contains(document.activeElement);
    const at = this.#shown.findIndex(({ task }) => task.id === this.#current);
    this.#shown = rowsOf(this.#known?.tasks ?? [], this.#closed);
    const tasks = new Map(this.#shown.map(({ task }) => [task.id, task]));
    for (const [id, row] of this.#rows) {
      const task = tasks.get(id);
      // A server that was started again counts from one again: the same number may be another task.
      if (task && row.standsFor(task)) continue;
      row.remove();
      this.#rows.delete(id);
    }
    let before = this.#tree.firstElementChild;
    for (const shown of this.#shown) {
      const row = this.#rows.get(shown.task.id) ?? this.#make(shown);
      row.show(shown);
      if (row === before) before = before.nextElementSibling;
      else this.#tree.insertBefore(row, before);
    }
    if (!tasks.has(this.#current)) this.#current = this.#shown[Math.min(Math.max(at, 0), this.#shown.length - 1)]?.task.id ?? 0;
    for (const [id, row] of this.#rows) row.reachable(id === this.#current);
    const empty = this.#shown.length === 0;
    this.#tree.hidden = empty;
    this.#empty.hidden = !empty;
    // Where the focus was on what has ended, it stays as near to it as there is something.
    if (had && !this.#tree.contains(document.activeElement)) (this.#rows.get(this.#current) ?? this.querySelector("h2"))?.focus();
    this.#tick();
  }

  /** @param {Row} shown */
  #make({ task }) {
    const row = new TaskRow(task, this.#log, {
      stop: () => this.#stop(task.id),
      fold: () => this.#fold(task.id, !this.#closed.has(task.id)),
    });
    row.setLive(this.#live);
    this.#rows.set(task.id, row);
    return row;
  }

  #tick() {
    const wanted = this.#live && this.#shown.length > 0;
    if (wanted) this.#timer ??= setInterval(() => this.#tick(), TICK_MS);
    else {
      clearInterval(this.#timer);
      this.#timer = undefined;
    }
    if (document.hidden || !wanted) return;
    const now = Date.now();
    for (const row of this.#rows.values()) row.tick(now, ticking);
  }

  /** @param {number} id */
  #stop(id) {
    this.#rows.get(id)?.stop();
  }

  /** @param {number} id @param {boolean} close */
  #fold(id, close) {
    if (close) this.#closed.add(id);
    else this.#closed.delete(id);
    this.#draw();
  }

  /** @param {EventTarget | null} target */
  #enter(target) {
    const row = target instanceof Element ? target.closest("task-row") : null;
    if (!(row instanceof TaskRow)) return;
    this.#current = row.taskId;
    for (const [id, each] of this.#rows) each.reachable(id === row.taskId);
  }

  /** @param {KeyboardEvent} event */
  #key(event) {
    const at = this.#shown.findIndex(({ task }) => task.id === this.#current);
    const row = this.#shown[at];
    // The button in a row has keys of its own.
    if (!row || !(event.target instanceof TaskRow) || event.altKey || event.ctrlKey || event.metaKey) return;
    if (event.key === "ArrowDown") this.#focus(at + 1);
    else if (event.key === "ArrowUp") this.#focus(at - 1);
    else if (event.key === "Home") this.#focus(0);
    else if (event.key === "End") this.#focus(this.#shown.length - 1);
    else if (event.key === "ArrowRight" && row.parts > 0) {
      if (row.open) this.#focus(at + 1);
      else this.#fold(row.task.id, false);
    } else if (event.key === "ArrowLeft" && row.open) this.#fold(row.task.id, true);
    else if (event.key === "ArrowLeft") this.#focus(this.#shown.findIndex(({ task }) => task.id === row.task.parent));
    else if (event.key === "Delete") this.#stop(row.task.id);
    else return;
    event.preventDefault();
  }

  /** @param {number} at */
  #focus(at) {
    const id = this.#shown[at]?.task.id;
    if (id !== undefined) this.#rows.get(id)?.focus();
  }
}

customElements.define("task-tree", TaskTree);
