/**
 * The parts of the page that are opened from all over it, and loaded later (`later.js`).
 *
 * @import { Api } from "./api.js"
 * @import { Page } from "./past.js"
 * @import { Snapshot, Store } from "./store.js"
 * @import { World } from "./stream.js"
 */

import { find } from "./dom.js";
import { giveUp, Later, loadTheRest } from "./later.js";
import { newKey } from "./outbox.js";
import { keep, recallJson } from "./storage.js";
import { t } from "./words.js";

/** @param {Api} api @param {World} world @param {Store} store @param {Page} page */
export function laterParts(api, world, store, page) {
  const facts = new Later(async () => {
    const { SessionFacts } = await import("./views/session-facts.js");
    const panel = find("session-facts", SessionFacts);
    panel.show(store.snapshot);
    return panel;
  });
  let isConnected = false;
  let gaveUp = false;
  const terminalsKept = () => `trio-agent.terminals.${api.sessionId}`;
  const terminals = new Later(async () => {
    const { TerminalPanel } = await import("./views/terminal-panel.js");
    const panel = find("terminal-panel", TerminalPanel);
    panel.source = {
      world,
      open: (number) => api.terminal(number),
      token: () => api.token,
      recall: () => recallJson(terminalsKept()),
      keep: (state) => keep(terminalsKept(), JSON.stringify(state)),
      recallRun: (number) => recallJson(`${terminalsKept()}.${number}`),
      keepRun: (number, run) => keep(`${terminalsKept()}.${number}`, run && JSON.stringify(run)),
    };
    return panel;
  });
  return {
    facts,
    terminals,
    palette: new Later(async () => {
      const { SessionPalette } = await import("./views/session-palette.js");
      const palette = find("session-palette", SessionPalette);
      palette.show(store.snapshot);
      return palette;
    }),
    shortcuts: new Later(async () => {
      const { ShortcutsDialog } = await import("./views/shortcuts-dialog.js");
      return find("shortcuts-dialog", ShortcutsDialog);
    }),
    changes: new Later(async () => {
      const [{ DiffPanel }, { Comments, watchComments }] = await Promise.all([import("./views/diff-panel.js"), import("./comments.js")]);
      const panel = find("diff-panel", DiffPanel);
      const comments = new Comments(() => api.sessionId, newKey, Date.now);
      watchComments(comments);
      panel.source = {
        changes: (commit) => api.changes(commit),
        lines: (asked) => api.changedLines(asked),
        file: (asked) => api.fileLines(asked),
        diff: (commit) => api.diff(commit),
        comments,
        choices: () => recallJson(CHOICES_KEPT),
      };
      panel.show(store.snapshot);
      return panel;
    }),
    travel: new Later(async () => new (await import("./past.js")).Travel(world, page)),
    /** Beside the timeline there is room for the facts on wide screens only; elsewhere they are in a drawer. */
    showFacts: () => {
      if (find("session-facts", HTMLElement).checkVisibility()) facts.use(() => undefined);
    },
    /** What was being loaded when the server went. @param {Snapshot["connection"]} connection */
    follow({ state, status }) {
      // Between two tries: none of the stream's own is out.
      if (state === "waiting") gaveUp = giveUp() || gaveUp;
      else if (status === "connected" && gaveUp) {
        gaveUp = false;
        loadTheRest();
      }
    },
    /** The shells of a session end with it. @param {Snapshot["connection"]} connection */
    offerTerminals({ state, status }) {
      const toggle = find("#terminal-toggle", HTMLButtonElement);
      const ended = status === "ended" ? t("This session has ended, and its terminals with it") : "";
      toggle.title = state === "missing" ? t("There is no such session, and so no terminal") : ended;
      toggle.disabled = toggle.title !== "";
      if (status === "connected" && !isConnected) terminals.part?.reload();
      isConnected = status === "connected";
    },
    /** Whether the terminals were open when the page was left. */
    hadTerminals: () => recallJson(terminalsKept())?.isOpen === true,
  };
}

/** Of what the user chose in the view of changes. */
export const CHOICES_KEPT = "trio-agent.diff";
