/** Where the session works and with what: the panel beside the timeline. @import { State } from "../wire.js" */

import { el, icon, say, want } from "../dom.js";
import { shortPath } from "../format.js";
import { UsageMeter } from "./usage-meter.js";

/** @type {Record<string, string>} */
const SANDBOXES = { bwrap: "Bubblewrap", none: "None: full access" };

export class SessionFacts extends HTMLElement {
  #usage = new UsageMeter();
  #todo = el("ol", { class: "todo" });
  #todoBox = el("section", { hidden: true }, el("h2", { text: "Plan" }), this.#todo);
  #added = el("span", { class: "diff-count diff-count-add" });
  #removed = el("span", { class: "diff-count diff-count-del" });
  #changes = el(
    "button",
    {
      class: "button wide",
      type: "button",
      id: "changes",
      onClick: () => want(this, { kind: "diff", commit: "", title: "All changes" }),
    },
    icon("diff"),
    "Changes",
    this.#added,
    this.#removed,
  );
  #pairs = el("dl", { class: "facts" });
  #shown = "";

  connectedCallback() {
    this.append(
      this.#todoBox,
      el("section", {}, el("h2", { text: "Work" }), this.#changes, this.#pairs),
      el("section", {}, el("h2", { text: "Usage" }), this.#usage),
    );
  }

  /** @param {State} state */
  show(state) {
    this.#usage.show(state);
    say(this.#added, state.diff_lines_added ? `+${state.diff_lines_added}` : "");
    say(this.#removed, state.diff_lines_removed ? `−${state.diff_lines_removed}` : "");
    this.#showTodo(state);
    const directory = state.working_dir || state.inside_working_dir;
    const facts = [
      ["Branch", state.branch_name || "made with the first commit", state.branch_name],
      ["Model", state.model, state.model],
      ["Folder", shortPath(directory, 1), directory],
      [
        "Sandbox",
        SANDBOXES[state.sandbox] ?? state.sandbox,
        state.sandbox === "none" ? "Commands run with your own rights" : state.sandbox,
      ],
      ["Origin", state.git_origin, state.git_origin],
      ["Host", state.hostname, state.hostname],
      ["Watching", state.streams > 1 ? `${state.streams} pages` : "", ""],
    ].filter(([, value]) => value);
    const key = JSON.stringify(facts);
    if (key === this.#shown) return;
    this.#shown = key;
    this.#pairs.replaceChildren(
      ...facts.flatMap(([name, value, title]) => [el("dt", { text: name }), el("dd", { text: value, title })]),
    );
  }

  /** @param {State} state */
  #showTodo({ todo }) {
    this.#todoBox.hidden = todo.length === 0;
    const key = JSON.stringify(todo);
    if (this.#todo.dataset.key === key) return;
    this.#todo.dataset.key = key;
    const words = { queued: "to do", "in-progress": "in progress", completed: "done" };
    this.#todo.replaceChildren(
      ...todo.map(({ task, status }) =>
        el(
          "li",
          { "data-status": status },
          icon(`todo-${status}`),
          el("span", { text: task }),
          el("span", { class: "visually-hidden", text: `, ${words[status]}` }),
        ),
      ),
    );
  }
}

customElements.define("session-facts", SessionFacts);
