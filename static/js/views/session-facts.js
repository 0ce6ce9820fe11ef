/**
 * What the session does, where and with what: the panel beside the timeline. Of an earlier moment, what is known of it.
 *
 * @import { Moment } from "../state-then.js"
 * @import { Snapshot } from "../store.js"
 */

import { el, icon, say, want } from "../dom.js";
import { number, shortPath } from "../format.js";
import { counted, t } from "../words.js";
import { TaskTree } from "./task-tree.js";
import { TodoList } from "./todo-list.js";
import { UsageMeter } from "./usage-meter.js";

/** In English, for `t`. @type {Record<string, string>} */
const SANDBOXES = { bwrap: "Bubblewrap", none: "None: full access" };

export class SessionFacts extends HTMLElement {
  #usage = new UsageMeter();
  #todo = new TodoList();
  #tasks = new TaskTree();
  #added = el("span", { class: "diff-count diff-count-add" });
  #removed = el("span", { class: "diff-count diff-count-del" });
  #changes = el(
    "button",
    {
      class: "button wide",
      type: "button",
      id: "changes",
      onClick: () => want(this, { kind: "diff", commit: "", title: t("All changes") }),
    },
    icon("diff"),
    t("Changes"),
    this.#added,
    this.#removed,
  );
  #back = el(
    "button",
    {
      class: "button wide quiet",
      type: "button",
      id: "look-back",
      title: t("The page as it was at any message (Alt+T)"),
      onClick: () => this.#lookBack(),
    },
    icon("clock"),
    t("Look back"),
  );
  #pairs = el("dl", { class: "facts" });
  /** What the figures count, where that is not all. */
  #counted = el("p", { class: "note", hidden: true });
  #shown = "";
  /** @type {Snapshot["log"]["state"]} */
  #state = null;
  /** @type {Snapshot["log"]["messages"] | null} */
  #messages = null;

  connectedCallback() {
    this.append(
      this.#todo,
      this.#tasks,
      el("section", {}, el("h2", { text: t("Work") }), this.#changes, this.#back, this.#pairs),
      el("section", {}, el("h2", { text: t("Usage") }), this.#counted, this.#usage),
    );
  }

  /** @param {Snapshot} snapshot @param {Moment | null} [moment] the earlier moment that is shown */
  show(snapshot, moment = null) {
    const log = moment?.log ?? snapshot.log;
    const { state, messages } = log;
    this.#changes.disabled = snapshot.gone;
    if (!state) return;
    this.#tasks.show(snapshot);
    // Text that is being written changes none of the rest, and comes in every frame.
    if (state === this.#state && messages === this.#messages) return;
    this.#state = state;
    this.#messages = messages;
    this.#usage.show(log, state);
    this.#showCounted(moment);
    this.#back.hidden = state.message_count === 0;
    this.#todo.show(state.todo);
    say(this.#added, state.diff_lines_added ? `+${number(state.diff_lines_added)}` : "");
    say(this.#removed, state.diff_lines_removed ? `−${number(state.diff_lines_removed)}` : "");
    const directory = state.working_dir || state.inside_working_dir;
    const facts = [
      [t("Branch"), state.branch_name || t("made with the first commit"), state.branch_name],
      [t("Model"), state.model, state.model],
      [t("Folder"), shortPath(directory, 1), directory],
      [
        t("Sandbox"),
        t(SANDBOXES[state.sandbox] ?? state.sandbox),
        state.sandbox === "none" ? t("Commands run with your own rights") : state.sandbox,
      ],
      [t("Origin"), state.git_origin, state.git_origin],
      [t("Host"), state.hostname, state.hostname],
      [t("Watching"), state.streams > 1 ? counted("1 page", "{count} pages", state.streams) : "", ""],
    ].filter(([, value]) => value);
    const key = JSON.stringify(facts);
    if (key === this.#shown) return;
    this.#shown = key;
    this.#pairs.replaceChildren(
      ...facts.flatMap(([name, value, title]) => [el("dt", { text: name }), el("dd", { text: value, title })]),
    );
  }

  /** @param {Moment | null} moment */
  #showCounted(moment) {
    const from = moment?.countedFrom ?? 0;
    // What a turn has left, and tables of turns, need the whole of them.
    this.toggleAttribute("data-partial", from > 0);
    this.#counted.hidden = !moment;
    say(
      this.#counted,
      from > 0
        ? t("Up to then, from message {number} on: older ones are not on this page", { number: number(from + 1) })
        : t("Up to then"),
    );
  }

  #lookBack() {
    // Where this is a drawer, it lies over what is to be seen.
    const drawer = /** @type {HTMLElement | null} */ (this.closest(":popover-open"));
    drawer?.hidePopover();
    want(this, { kind: "travel", idx: -1 });
  }
}

customElements.define("session-facts", SessionFacts);
