/**
 * All sessions, newest first; those in the archive apart. A row is one element for as long as its session is listed, so that
 * what has the focus keeps it while everything around it changes.
 *
 * @import { Doing } from "../doing.js"
 * @import { Snapshot } from "../store.js"
 * @import { SessionSummary } from "../wire.js"
 * @import { SessionMenu } from "./session-menu.js"
 */

import { doingOfListed, noteOfListed } from "../doing.js";
import { el, icon, say, want } from "../dom.js";
import { dollars } from "../format.js";
import { Later } from "../later.js";
import { inProse } from "../shown.js";
import { counted, t } from "../words.js";

/** "3 min ago" is another text a little later, though nothing was told. */
const AGO_MS = 30_000;

const menu = new Later(async () => (await import("./session-menu.js")).SessionMenu);

export class SessionList extends HTMLElement {
  #list = el("ul", { class: "sessions" });
  #archived = el("ul", { class: "sessions", id: "archived-sessions", hidden: true });
  #toggle = el("button", {
    class: "button quiet wide archive-toggle",
    type: "button",
    id: "show-archived",
    "aria-expanded": "false",
    "aria-controls": "archived-sessions",
    hidden: true,
    onClick: () => this.#expand(this.#archived.hidden === true),
  });
  #note = el("p", { class: "list-note", role: "status" });
  /** @type {SessionMenu | null} */
  #menu = null;
  /** @type {Map<string, SessionRow>} */
  #rows = new Map();
  /** @type {Snapshot | null} */
  #snapshot = null;
  /** The session on the screen, once it was brought into view. */
  #here = "";
  /** Where the row stood whose menu was opened last. */
  #asked = 0;
  /** Of the session on the screen. @type {Doing | null} */
  #doing = null;

  connectedCallback() {
    this.append(
      el(
        "div",
        { class: "list-head" },
        el(
          "button",
          { class: "button", type: "button", id: "new-session", onClick: () => want(this, { kind: "new-session" }) },
          icon("plus"),
          t("New session"),
        ),
        el(
          "button",
          {
            class: "button quiet",
            type: "button",
            id: "find",
            title: t("Find a session or a message ({keys})", { keys: `${t("Ctrl")}+K` }),
            "aria-label": t("Find a session or a message"),
            "aria-keyshortcuts": "Control+K",
            onClick: () => want(this, { kind: "palette" }),
          },
          icon("search"),
        ),
      ),
      el("nav", { "aria-label": t("Sessions") }, this.#list, this.#toggle, this.#archived),
      this.#note,
    );
    // A question about a session may outlive its row, which had the focus before.
    const closed = () => document.activeElement === document.body && this.#focusRow(Math.max(0, this.#asked));
    this.addEventListener("close", () => queueMicrotask(closed), { capture: true });
    setInterval(() => this.#snapshot && !document.hidden && this.show(this.#snapshot, this.#doing), AGO_MS);
  }

  /** @param {Snapshot} snapshot @param {Doing | null} doing what the session on the screen does */
  show(snapshot, doing) {
    this.#snapshot = snapshot;
    this.#doing = doing;
    const { roster, log, connection } = snapshot;
    const here = log.state?.session_id ?? "";
    const all = roster?.sessions ?? [];
    const focused = document.activeElement;
    const left = focused?.closest("session-list .session-row") ?? null;
    const at = left ? [...this.#list.children].indexOf(left) : -1;
    this.#place(this.#list, all.filter((each) => !each.archived || each.session_id === here));
    const archived = all.filter((each) => each.archived && each.session_id !== here);
    this.#place(this.#archived, archived);
    for (const [id, row] of this.#rows) {
      if (row.element.isConnected) continue;
      this.#rows.delete(id);
    }
    if (focused instanceof HTMLElement && left) this.#keepFocus(focused, at);
    const shown = here === this.#here ? null : this.#rows.get(here);
    if (shown) {
      this.#here = here;
      shown.element.scrollIntoView({ block: "nearest" });
    }
    this.#toggle.hidden = archived.length === 0;
    if (archived.length === 0) this.#expand(false);
    say(this.#toggle, t("Archived ({count})", { count: archived.length }));
    this.#markOpener(all.filter(({ asks, session_id }) => asks && session_id !== here).length);
    this.toggleAttribute("data-stale", connection.status !== "connected");
    this.classList.toggle("loading", !roster && connection.status !== "unauthorized");
    say(this.#note, this.#said(snapshot));
    this.#note.hidden = this.#note.textContent === "";
  }

  /** Where the list is a drawer, the button that opens it tells as well that a session in it asks. @param {number} asking */
  #markOpener(asking) {
    const opener = document.querySelector('.bar [popovertarget="sessions-panel"]');
    const label =
      asking > 0
        ? counted("Sessions: 1 other waits for your answer", "Sessions: {count} others wait for your answer", asking)
        : t("Sessions");
    if (opener?.getAttribute("aria-label") !== label) opener?.setAttribute("aria-label", label);
    opener?.toggleAttribute("data-asks", asking > 0);
  }

  /** What had the focus was moved, or is gone: then the row that took its place has it. @param {HTMLElement} focused @param {number} at */
  #keepFocus(focused, at) {
    if (focused === document.activeElement) return;
    if (at < 0 || this.#list.contains(focused)) return focused.focus({ preventScroll: true });
    this.#focusRow(at);
  }

  /** @param {number} at */
  #focusRow(at) {
    const next = this.#list.children[Math.min(at, this.#list.children.length - 1)]?.querySelector("a");
    (next ?? this.querySelector("button"))?.focus();
  }

  /** What is to be said of the list as a whole. @param {Snapshot} snapshot */
  #said({ roster, connection }) {
    if (!roster) {
      const { status } = connection;
      if (status === "connecting" || status === "connected") return t("Loading the sessions…");
      return status === "unauthorized" ? "" : t("The sessions will be listed when the server answers.");
    }
    if (roster.sessions.length === 0) return t("There is no session yet.");
    const more = roster.total - roster.sessions.length;
    return more > 0 ? counted("1 older one can be found by search.", "{count} older ones can be found by search.", more) : "";
  }

  /** @param {HTMLElement} list @param {SessionSummary[]} sessions */
  #place(list, sessions) {
    const snapshot = /** @type {Snapshot} */ (this.#snapshot);
    let before = list.firstElementChild;
    for (const session of sessions) {
      let row = this.#rows.get(session.session_id);
      if (!row) {
        row = new SessionRow((at, of) => this.#openMenu(at, of));
        this.#rows.set(session.session_id, row);
      }
      row.show(session, snapshot, this.#doing);
      if (row.element === before) before = before.nextElementSibling;
      else list.insertBefore(row.element, before);
    }
    while (before) {
      const gone = before;
      before = before.nextElementSibling;
      gone.remove();
    }
  }

  /** @param {HTMLElement} at @param {SessionSummary} session */
  #openMenu(at, session) {
    this.#asked = [...this.#list.children].findIndex((each) => each.contains(at));
    menu.use((SessionMenu) => {
      if (!this.#menu) this.append((this.#menu = new SessionMenu()));
      this.#menu.open(at, session);
    });
  }

  /** @param {boolean} open */
  #expand(open) {
    this.#archived.hidden = !open;
    this.#toggle.setAttribute("aria-expanded", String(open));
  }
}

/** The row of one session. */
class SessionRow {
  #title = el("span", { class: "session-title" });
  #unread = el("span", { class: "visually-hidden" });
  #note = el("span", { class: "session-note" });
  #link = el(
    "a",
    {},
    el("span", { class: "session-mark", "aria-hidden": "true" }),
    el("span", { class: "session-words" }, this.#title, this.#unread, this.#note),
  );
  #more;
  element;
  /** @type {SessionSummary | null} */
  #session = null;

  /** @param {(at: HTMLElement, session: SessionSummary) => void} openMenu */
  constructor(openMenu) {
    this.#more = el(
      "button",
      {
        class: "button quiet row-menu",
        type: "button",
        "aria-haspopup": "menu",
        onClick: () => this.#session && openMenu(this.#more, this.#session),
      },
      icon("more"),
    );
    this.element = el("li", { class: "session-row" }, this.#link, this.#more);
  }

  /** @param {SessionSummary} session @param {Snapshot} snapshot @param {Doing | null} here */
  show(session, { log: { state }, unread }, here) {
    // The stream knows the session on screen better than the list of all does.
    const live = state && session.session_id === state.session_id ? state : null;
    this.#session = live ? { ...session, agent_state: live.agent_state } : session;
    const doing = (live && here) || doingOfListed(this.#session);
    const title = inProse(live?.title || session.title || t("New session"));
    const cost = live?.total_usage.total_cost_usd ?? session.total_cost_usd ?? 0;
    const isUnread = !live && unread.has(session.session_id);
    const notes = [
      noteOfListed(session, doing),
      cost > 0 ? dollars(cost) : "",
      session.forked_from ? t("forked at {number}", { number: session.forked_from.index }) : "",
      session.archived ? t("archived") : "",
    ];
    if (this.#link.getAttribute("href") !== session.url) this.#link.setAttribute("href", session.url);
    say(this.#title, title);
    this.#title.title = title;
    say(this.#unread, isUnread ? t("unread") : "");
    say(this.#note, notes.filter(Boolean).join(" · "));
    const label = t("Actions for {title}", { title });
    if (this.#more.getAttribute("aria-label") !== label) this.#more.setAttribute("aria-label", label);
    if (live) this.#link.setAttribute("aria-current", "page");
    else this.#link.removeAttribute("aria-current");
    this.element.dataset.session = session.session_id;
    this.element.dataset.mood = session.damaged ? "trouble" : session.ended ? "idle" : doing.mood;
    this.element.toggleAttribute("data-unread", isUnread);
  }
}

customElements.define("session-list", SessionList);
