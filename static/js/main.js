/**
 * Wires the page: the stream to the store, the store to the views, the views' wishes to the API.
 *
 * @import { Intent } from "./dom.js"
 * @import { Attached } from "./wire.js"
 */

import { Api, ApiError, sessionOf, takeToken } from "./api.js";
import { Drafts, watchDrafts } from "./drafts.js";
import { History } from "./history.js";
import { MarkdownRenderer } from "./markdown.js";
import { newKey, Outbox } from "./outbox.js";
import { countOf } from "./reducer.js";
import { Replay } from "./replay.js";
import { messageOf, Sessions } from "./sessions.js";
import { browserSummons } from "./browser-summons.js";
import { browserWorld, openSessionStream } from "./session-stream.js";
import { actionOf, isField, isTerminal } from "./shortcuts.js";
import { keep, recall, recallJson } from "./storage.js";
import { Store } from "./store.js";
import { TaskFeed } from "./task-feed.js";
import { Summons } from "./summons.js";
import { followTheme } from "./theme.js";
import { TimeTravel } from "./time-travel.js";
import { browserTabs } from "./tabs.js";
import { Unsent, watchPage } from "./unsent.js";
import { t } from "./words.js";
import { DiffPanel } from "./views/diff-panel.js";
import { MessageComposer } from "./views/message-composer.js";
import { NetworkStatus } from "./views/network-status.js";
import { NoticeBar } from "./views/notice-bar.js";
import { PageSettings } from "./views/page-settings.js";
import { ReplayBar } from "./views/replay-bar.js";
import { SessionFacts } from "./views/session-facts.js";
import { SessionHeader } from "./views/session-header.js";
import { SessionList } from "./views/session-list.js";
import { SessionOrigin } from "./views/session-origin.js";
import { SessionPalette } from "./views/session-palette.js";
import { SessionTimeline } from "./views/session-timeline.js";
import { ShortcutsDialog } from "./views/shortcuts-dialog.js";
import { TerminalPanel } from "./views/terminal-panel.js";
import { TokenGate } from "./views/token-gate.js";

/** @template {HTMLElement} T @param {string} selector @param {new () => T} kind @returns {T} */
function find(selector, kind) {
  const element = document.querySelector(selector);
  if (!(element instanceof kind)) throw new Error(`the page has no ${selector}`);
  return element;
}

const views = {
  timeline: find("session-timeline", SessionTimeline),
  header: find("session-header", SessionHeader),
  network: find("network-status", NetworkStatus),
  composer: find("message-composer", MessageComposer),
  facts: find("session-facts", SessionFacts),
  list: find("session-list", SessionList),
  diff: find("diff-panel", DiffPanel),
  gate: find("token-gate", TokenGate),
  notice: find("notice-bar", NoticeBar),
  replay: find("replay-bar", ReplayBar),
  origin: find("session-origin", SessionOrigin),
  palette: find("session-palette", SessionPalette),
  shortcuts: find("shortcuts-dialog", ShortcutsDialog),
  terminals: find("terminal-panel", TerminalPanel),
  settings: find("page-settings", PageSettings),
};

const addressed = sessionOf(location.pathname);
const api = new Api({
  fetch: (url, init) => fetch(url, init),
  base: document.baseURI,
  sessionId: addressed,
  token: takeToken(location, history, { recall, keep }),
});

const world = browserWorld();
const sessions = new Sessions(world, api, () => store, attempt);
const tasks = new TaskFeed(api, () => store, Date.now);
const tabs = browserTabs({ newId: newKey, setTimer: world.setTimer, clearTimer: world.clearTimer });
const stream = openSessionStream(world, tabs, api, {
  log: () => store.snapshot.log,
  onEvents: (events) => {
    sessions.take(events);
    tasks.take(events);
    return took(() => store.take(events));
  },
  onExcerpt: (told) => {
    void tasks.ask();
    return took(() => store.adopt(told));
  },
  roster: () => store.snapshot.roster,
  onRoster: (roster) => sessions.adopt(roster),
  onChange: (connection) => {
    store.update({ connection });
    if (connection.state === "missing" && !addressed && api.sessionId) {
      // The newest session of this page is gone; there may be a newer one.
      api.sessionId = "";
      queueMicrotask(() => stream.start());
    }
  },
});

// A hidden tab draws nothing, so it has no frames, and one that is hidden before its frame has come waits for it until it is
// looked at again. Its title must still tell what goes on.
const store = new Store(stream.connection, (run) => {
  const once = () => {
    cancelAnimationFrame(frame);
    clearTimeout(timer);
    run();
  };
  const frame = requestAnimationFrame(once);
  const timer = setTimeout(once, 100);
});

const outbox = new Outbox(world, {
  post: (said, signal) => api.chat(said.text, said.key, signal, said),
  withdraw: (key, signal) => api.withdrawPosted(key, signal),
  onChange: (pending) => {
    store.update({ pending });
    unsent.keep(pending);
    outbox.settle(store.snapshot.log, 0);
  },
});
const unsent = new Unsent(tabs, outbox, Date.now);
watchPage(unsent);
const drafts = new Drafts(tabs, newKey, Date.now);
watchDrafts(drafts);

/**
 * The log may change: what waits in the outbox, and which session this is, follow from it.
 * @param {() => boolean} change
 */
function took(change) {
  const before = store.snapshot.log;
  const fits = change();
  const { log } = store.snapshot;
  outbox.settle(log, log.generation === before.generation ? countOf(log) - countOf(before) : log.messages.length);
  if (log.state && !api.sessionId) settleOn(log.state.session_id);
  return fits;
}

/**
 * The session is known: from now on everything goes to it, and what an earlier visit left is taken up.
 * @param {string} sessionId
 */
function settleOn(sessionId) {
  api.sessionId = sessionId;
  void drafts.begin(sessionId).then((draft) => {
    if (draft && views.composer.isEmpty) views.composer.write(draft.text, draft.files);
  });
  views.diff.comments = recallJson(`trio-agent.comments.${sessionId}`) ?? [];
  void unsent.begin(sessionId, store.snapshot.pending);
  if (!replay) views.terminals.restore();
}

/** The player of a replay; null where an agent is at work: which it is, the server says by the bar that it shows. */
const replay = views.replay.hidden
  ? null
  : new Replay(world, {
      ask: () => api.replay(),
      tell: (command) => api.controlReplay(command),
      onChange: () => store.update({}),
      onFailure: (error) => void attempt(t("The replay"), Promise.reject(error)),
    });
document.body.classList.toggle("replaying", replay !== null);

const travel = new TimeTravel(world, {
  log: () => store.snapshot.log,
  earlier: (idx) => views.timeline.history?.get(idx),
  onChange: () => store.update({}),
});

followTheme();
const summons = new Summons({
  ...browserSummons(() => focus()),
  badge: (count) => {
    views.header.missed = count;
    store.update({});
  },
});
views.settings.summons = summons;

/** @param {string} doing @param {Promise<unknown>} work */
async function attempt(doing, work) {
  try {
    await work;
    return true;
  } catch (error) {
    store.update({ notice: t("{doing} failed: {why}", { doing, why: error instanceof Error ? error.message : String(error) }) });
    return false;
  }
}

/** @param {string} toolCallId */
async function cancel(toolCallId) {
  if (!toolCallId) store.update({ stopping: true });
  const done = await attempt(t("Stopping"), api.cancel(toolCallId));
  if (!toolCallId) store.update({ stopping: false });
  else if (!done) views.timeline.allowStop(toolCallId);
}

views.diff.source = {
  changes: (commit) => api.changes(commit),
  lines: (asked) => api.changedLines(asked),
  file: (asked) => api.fileLines(asked),
  diff: (commit) => api.diff(commit),
};
views.diff.choices = { ...views.diff.choices, ...recallJson("trio-agent.diff") };

/** The bar of an earlier moment takes the composer's place. @param {import("./store.js").Snapshot} snapshot */
function showTravel(snapshot) {
  if (replay) return;
  views.replay.hidden = !travel.away;
  document.body.classList.toggle("travelling", travel.away);
  if (travel.away) views.replay.showTravel(snapshot, travel.known);
}

/** What was not sent, or taken back, stands before what the user writes now. @param {string} text @param {readonly Attached[]} files */
function writeAgain(text, files = []) {
  const now = views.composer.text.trim();
  views.composer.write([text, now].filter(Boolean).join("\n\n"), files);
  views.composer.focusPrompt();
}

/** @param {number} idx @param {import("./drafts.js").Draft | null} edit what to write again once it is taken back */
async function withdraw(idx, edit) {
  const done = await attempt(t("Taking the message back"), api.withdraw(idx));
  if (done && edit) writeAgain(edit.text, edit.files);
}

/** @param {Extract<Intent, { kind: "upload" }>} upload */
async function upload({ file, signal, take }) {
  try {
    take(await api.upload(file, signal), "", false);
  } catch (error) {
    if (signal.aborted) return;
    const refused = error instanceof ApiError;
    take(null, refused ? error.message : t("The server does not answer."), !refused || error.status >= 500);
  }
}

/** @param {Intent} intent @returns {void} */
function act(intent) {
  switch (intent.kind) {
    case "send":
      return outbox.send(intent.text, {
        ...(intent.files?.length && { files: intent.files }),
        ...(intent.queued && { queued: true }),
      });
    case "retry":
      return outbox.retry();
    case "discard": {
      const given = outbox.takeBack(intent.key);
      return given && intent.edit ? writeAgain(given.text, given.files) : undefined;
    }
    case "cancel":
      return void cancel(intent.toolCallId);
    case "ping":
      return void api.ping(world.now).then(intent.take, () => intent.take(null));
    case "reload":
      return location.reload();
    case "stop-task":
      return void tasks.stop(intent.id, intent.done);
    case "reconnect":
      return stream.retryNow();
    case "diff":
      return void views.diff.open(intent.commit, intent.title);
    case "open-file":
      return void views.diff.openFile(intent.path, intent.line);
    case "comments":
      return keep(`trio-agent.comments.${api.sessionId}`, intent.comments.length > 0 ? JSON.stringify(intent.comments) : null);
    case "diff-choices":
      return keep("trio-agent.diff", JSON.stringify(intent.choices));
    case "append": {
      const before = views.composer.text.trimEnd();
      return act({ kind: "suggest", text: before ? `${before}\n\n${intent.text}` : intent.text });
    }
    case "blob":
      return void attempt(t("Loading what was kept"), api.blob(intent.blob).then(intent.take));
    case "palette":
      return views.palette.open();
    case "shortcuts":
      return views.shortcuts.open();
    case "suggest":
      views.composer.write(intent.text);
      return views.composer.focusPrompt();
    case "draft":
      return drafts.keep(intent.draft);
    case "upload":
      return void upload(intent);
    case "file-names":
      return void api.fileNames(intent.text, intent.signal).then(intent.take, () => intent.take([]));
    case "withdraw":
      return void withdraw(intent.idx, intent.edit);
    case "token":
      keep("trio-agent.token", intent.token);
      api.token = intent.token;
      stream.start();
      return outbox.retry();
    case "replay":
      return replay ? replay.command(intent.command) : travel.command(intent.command);
    case "travel":
      travel.go(intent.idx + 1);
      showTravel(store.snapshot);
      return views.replay.focusSlider();
    case "now":
      travel.leave();
      showTravel(store.snapshot);
      return views.composer.focusPrompt();
    case "dismiss":
      return store.update({ notice: "" });
    default:
      return void sessions.act(intent);
  }
}

views.terminals.source = {
  world,
  open: (number) => api.terminal(number),
  token: () => api.token,
  recall: () => recallJson(`trio-agent.terminals.${api.sessionId}`),
  keep: (state) => keep(`trio-agent.terminals.${api.sessionId}`, JSON.stringify(state)),
};
find("#terminal-toggle", HTMLButtonElement).addEventListener("click", () => views.terminals.toggle());

document.addEventListener("intent", (event) => act(/** @type {CustomEvent<Intent>} */ (event).detail));
document.addEventListener("visibilitychange", () => {
  sessions.look();
  summons.look();
});
document.addEventListener("keydown", (event) => {
  // A terminal has keys of its own, and in what stands over the page they would act behind it.
  if (event.defaultPrevented || isTerminal(event.target) || document.querySelector("dialog[open]")) return;
  if (travel.away && event.key === "Escape") return act({ kind: "now" });
  const action = actionOf(event, isField(event.target));
  if (!action) return;
  event.preventDefault();
  if (action === "next" || action === "previous") sessions.step(action === "next" ? 1 : -1);
  else act({ kind: action });
});

/** The message that the address leads to, until it is shown; -1 = none. */
let wanted = messageOf(location.hash);
addEventListener("hashchange", () => {
  wanted = messageOf(location.hash);
  showWanted();
});

function showWanted() {
  const { log } = store.snapshot;
  if (wanted < 0 || !log.state || wanted >= countOf(log)) return;
  // What is looked for is in the present.
  travel.leave();
  views.timeline.reveal(wanted);
  wanted = -1;
}

views.timeline.markdown = new MarkdownRenderer((idx) => api.html(idx, store.snapshot.log.log), views.timeline);
views.timeline.history = new History(world, {
  fetch: (start, end) => api.messages(start, end),
  onPage: (page) => views.timeline.pageCame(page),
});
store.subscribe((snapshot) => {
  const { log, connection, notice } = snapshot;
  const barred = connection.status === "unauthorized";
  document.body.classList.toggle("barred", barred);
  views.gate.show(barred);
  views.network.show(connection, world.now);
  views.header.show(snapshot);
  views.timeline.show(travel.away ? { ...snapshot, log: travel.shown(log), pending: [] } : snapshot);
  views.composer.show(snapshot);
  views.diff.show(snapshot);
  sessions.look();
  views.list.show(snapshot);
  views.origin.show(snapshot);
  views.palette.show(snapshot);
  if (!replay) summons.see(log, connection.status === "connected");
  views.facts.show(snapshot);
  if (replay) {
    replay.heard(log.state);
    views.replay.show(snapshot, replay.known, replay.pending);
  }
  if (!replay) showTravel(snapshot);
  views.notice.show(notice);
  showWanted();
});

if (addressed) settleOn(addressed);
stream.start();
// Where there is no hover there is a keyboard on the screen, which would come up over the log.
if (matchMedia("(hover: hover)").matches) views.composer.focusPrompt();
