/** What the agent means to do, and how far it is: its own list, as it changes it. @import { TodoItem } from "../wire.js" */

import { el, icon, say } from "../dom.js";
import { number } from "../format.js";
import { t } from "../words.js";

export class TodoList extends HTMLElement {
  #count = el("span", { class: "count" });
  #bar = el("progress", { class: "todo-bar", max: 1, value: 0, "aria-hidden": "true" });
  #list = el("ol", { class: "todo" });
  #shown = "";

  connectedCallback() {
    this.hidden = true;
    this.append(el("h2", {}, t("Plan"), " ", this.#count), this.#bar, this.#list);
  }

  /** @param {readonly TodoItem[]} todo */
  show(todo) {
    const key = JSON.stringify(todo);
    if (key === this.#shown) return;
    this.#shown = key;
    this.hidden = todo.length === 0;
    const done = todo.filter(({ status }) => status === "completed").length;
    say(this.#count, t("{done} of {count} done", { done: number(done), count: number(todo.length) }));
    this.#bar.value = done / Math.max(1, todo.length);
    const words = { queued: t("to do"), "in-progress": t("in progress"), completed: t("done") };
    this.#list.replaceChildren(
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

customElements.define("todo-list", TodoList);
