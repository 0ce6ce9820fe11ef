/**
 * Wires the page: the stream to the store, the store to the views, the views' wishes to the API.
 *
 * @import { Intent } from "./dom.js"
 * @import { Attached } from "./wire.js"
 */

import { Address, sessionOf, takeToken, watchAddress } from "./address.js";
import { Api, ApiError, TOKEN_KEY } from "./api.js";
import { Contents } from "./contents.js";
import { SteadyDoing } from "./doing.js";
import { find } from "./dom.js";
import { Drafts, watchDrafts } from "./drafts.js";
import { number } from "./format.js";
import { History, pageOf } from "./history.js";
import { Later, loadTheRest } from "./later.js";
import { MarkdownRenderer } from "./markdown.js";
import { newKey, Outbox } from "./outbox.js";
import { countOf } from "./reducer.js";
import { CHOICES_KEPT, laterParts } from "./parts.js";
import { Sessions } from "./sessions.js";
import { browserSummons } from "./browser-summons.js";
import { browserWorld, openSessionStream } from "./session-stream.js";
import { actionOf, isField, isTerminal } from "./shortcuts.js";
import { shelve, sweep, unshelve, unshelved } from "./shelf.js";
import { keep, keysFrom, recall } from "./storage.js";
import { Store } from "./store.js";
import { TaskFeed } from "./task-feed.js";
import { Summons } from "./summons.js";
import { followTheme } from "./theme.js";
import { browserTabs } from "./tabs.js";
import { Unsent, watchPage } from "./unsent.js";
import { t } from "./words.js";
import { MessageComposer } from "./views/message-composer.js";
import { NetworkStatus } from "./views/network-status.js";
import { NoticeBar } from "./views/notice-bar.js";
import { PageSettings } from "./views/page-settings.js";
import { SessionHeader } from "./views/session-header.js";
import { SessionList } from "./views/session-list.js";
import { SessionOrigin } from "./views/session-origin.js";
import { SessionTimeline } from "./views/session-timeline.js";
import { TokenGate } from "./views/token-gate.js";

const views = {
  timeline: find("session-timeline", SessionTimeline),
  header: find("session-header", SessionHeader),
  network: find("network-status", NetworkStatus),
  composer: find("message-composer", MessageComposer),
  list: find("session-list", SessionList),
  gate: find("token-gate", TokenGate),
  notice: find("notice-bar", NoticeBar),
  origin: find("session-origin", SessionOrigin),
  settings: find("page-settings", PageSettings),
};

/** Where there is no hover there is a keyboard on the screen, which would come up over the log. */
const hasKeyboard = matchMedia("(hover: hover)").matches;
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
    const isBack = connection.status === "connected" && store.snapshot.connection.status !== "connected";
    store.update({ connection });
    if (isBack) outbox.wake();
    else if (connection.status === "reconnecting" || connection.status === "offline") outbox.doubt();
    if (connection.status === "connected") store.update({ gone: false });
    if (connection.state === "missing" || connection.state === "closed") void sessions.ask();
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

const contents = new Contents((file, signal) => api.upload(file, signal), { shelve, unshelved, unshelve });
// An entry of the outbox is there before what it names is shelved.
void sweep((id) => keysFrom("trio-agent.outbox.").some((key) => recall(key)?.includes(id)));
const outbox = new Outbox(world, {
  bring: (held, signal) => contents.bring(held, signal),
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

/** Whether the log has been here as a whole. */
let isWhole = false;

/**
 * The log may change: what waits in the outbox, and which session this is, follow from it.
 * @param {() => boolean} change
 */
function took(change) {
  const before = store.snapshot.log;
  const fits = change();
  const { log } = store.snapshot;
  outbox.settle(log, log.generation === before.generation ? countOf(log) - countOf(before) : log.messages.length);
  if (log.state && !before.state) parts.showFacts();
  if (log.state && countOf(log) >= log.announced && !isWhole) {
    isWhole = true;
    loadTheRest();
  }
  if (log.state && !api.sessionId) {
    settleOn(log.state.session_id);
    address.settle(api.url(""));
  }
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
  void unsent.begin(sessionId, store.snapshot.pending);
  if (!recording && parts.hadTerminals()) parts.terminals.use((panel) => panel.restore());
}

/** @type {import("./past.js").Page} */
const page = {
  snapshot: () => store.snapshot,
  earlier: (idx) => views.timeline.history?.get(idx),
  want: (idx) => views.timeline.history?.want(pageOf(idx)),
  onChange: () => store.update({}),
  onFailure: (error) => void attempt(t("The replay"), Promise.reject(error)),
};
const parts = laterParts(api, world, store, page);
/** What a replay's server plays; null where an agent is at work: which it is, the server says by the bar that it shows. */
const recording = find("replay-bar", HTMLElement).hidden
  ? null
  : new Later(async () => new (await import("./past.js")).Recording(world, api, page));
document.body.classList.toggle("replaying", recording !== null);
recording?.use(() => store.update({}));

const doing = new SteadyDoing(world, () => store.update({}));

followTheme();
const summons = new Summons({
  ...browserSummons(({ url }) => {
    focus();
    if (url) sessions.open(url);
  }),
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

/** What was not sent, or taken back, stands before what the user writes now. @param {string} text @param {readonly (Attached & { file?: Blob | null })[]} files */
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
async function upload({ held, file, signal, take }) {
  contents.hold(held, file);
  signal.addEventListener("abort", () => contents.drop(held));
  try {
    take(await contents.bring(held, signal), "", false);
  } catch (error) {
    if (signal.aborted) return;
    const refused = error instanceof ApiError;
    take(null, refused ? error.message : t("Waits for the connection"), !refused || error.status >= 500);
  }
}

/** Give up what was not sent. @param {string} key @param {boolean} edit whether to write it again */
async function discard(key, edit) {
  const given = outbox.takeBack(key);
  const files = [];
  for (const { held, ...file } of given?.files ?? []) {
    files.push(held ? { ...file, file: edit ? await contents.get(held) : null } : file);
    if (held) contents.drop(held);
  }
  if (given && edit) writeAgain(given.text, files);
}

/** @param {Intent} intent @returns {void} */
function act(intent) {
  switch (intent.kind) {
    case "send":
      outbox.send(intent.text, {
        ...(intent.files?.length && { files: intent.files }),
        ...(intent.queued && { queued: true }),
      });
      for (const { held } of intent.files ?? []) if (held) contents.keep(held);
      return;
    case "retry":
      return outbox.retry();
    case "discard":
      return void discard(intent.key, intent.edit);
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
      return parts.changes.use((panel) => void panel.open(intent.commit, intent.title));
    case "open-file":
      return parts.changes.use((panel) => void panel.openFile(intent.path, intent.line));
    case "diff-choices":
      return keep(CHOICES_KEPT, JSON.stringify(intent.choices));
    case "blob":
      return void attempt(t("Loading what was kept"), api.blob(intent.blob).then(intent.take));
    case "palette":
      return parts.palette.use((palette) => palette.open());
    case "shortcuts":
      return parts.shortcuts.use((dialog) => dialog.open());
    case "append":
    case "suggest":
      return views.composer.add(intent.text);
    case "draft":
      return drafts.keep(intent.draft);
    case "upload":
      return void upload(intent);
    case "file-names":
      return void api.fileNames(intent.text, intent.signal).then(intent.take, () => intent.take([]));
    case "withdraw":
      return void withdraw(intent.idx, intent.edit);
    case "token":
      views.gate.tried = true;
      keep(TOKEN_KEY, intent.token);
      api.token = intent.token;
      stream.start();
      return outbox.retry();
    case "replay":
      return (recording ?? parts.travel).part?.command(intent.command);
    case "travel":
      // Of what was recorded a replay's own bar leads through all; and where nothing was said there is nothing to look back to.
      if (recording || countOf(store.snapshot.log) === 0) return;
      return parts.travel.use((travel) => travel.go(intent.idx));
    case "now":
      parts.travel.part?.leave();
      return views.composer.focusPrompt();
    case "unloaded":
      return void attempt(t("Loading a part of the page"), Promise.reject(intent.error));
    case "message":
      return address.leadTo(intent.idx);
    case "open":
      sessions.open(intent.url);
      return address.followed(api.rootUrl(intent.url));
    case "dismiss":
      return store.update({ notice: "" });
    default:
      return void sessions.act(intent);
  }
}

find("#terminal-toggle", HTMLButtonElement).addEventListener("click", () => parts.terminals.use((panel) => panel.toggle()));

document.addEventListener("intent", (event) => act(/** @type {CustomEvent<Intent>} */ (event).detail));
document.addEventListener("visibilitychange", () => {
  sessions.look();
  summons.look();
});
document.addEventListener("keydown", (event) => {
  // A terminal has keys of its own, and in what stands over the page they would act behind it.
  if (event.defaultPrevented || isTerminal(event.target) || document.querySelector("dialog[open]")) return;
  if (parts.travel.part?.away && event.key === "Escape") return act({ kind: "now" });
  const action = actionOf(event, isField(event.target));
  if (!action) return;
  event.preventDefault();
  if (action === "next" || action === "previous") sessions.step(action === "next" ? 1 : -1);
  else act(action === "travel" ? { kind: action, idx: -1 } : { kind: action });
});

const address = new Address(location, history, { onToken: (token) => act({ kind: "token", token }), onMessage: showWanted });
watchAddress(address);

function showWanted() {
  const { log } = store.snapshot;
  const { wanted } = address;
  if (wanted < 0 || !log.state) return;
  const isHere = wanted < countOf(log);
  if (!isHere && countOf(log) < log.announced) return;
  address.wanted = -1;
  if (!isHere) return store.update({ notice: t("There is no message {number} yet", { number: number(wanted + 1) }) });
  // What is looked for is in the present.
  parts.travel.part?.leave();
  views.timeline.reveal(wanted);
}

views.timeline.markdown = new MarkdownRenderer((idx) => api.html(idx, store.snapshot.log.log), views.timeline);
views.timeline.history = new History(world, {
  fetch: (start, end) => api.messages(start, end),
  onPage: (page) => {
    views.timeline.pageCame(page);
    parts.travel.part?.pageCame();
  },
  count: () => countOf(store.snapshot.log),
});
store.subscribe((snapshot) => {
  const { log, connection, notice } = snapshot;
  const barred = connection.status === "unauthorized";
  document.body.classList.toggle("barred", barred);
  if (views.gate.show(connection)) hasKeyboard ? views.composer.focusPrompt() : views.timeline.focus();
  views.network.show(connection, world.now);
  parts.follow(connection);
  parts.offerTerminals(connection);
  const shown = doing.see(snapshot);
  const travel = parts.travel.part;
  views.timeline.show(travel?.shown(snapshot) ?? snapshot);
  views.header.show(snapshot, shown, travel?.away ?? false);
  views.composer.show(snapshot);
  sessions.look();
  views.list.show(snapshot, shown);
  views.origin.show(snapshot);
  if (!recording) {
    summons.see(log, connection.status === "connected");
    summons.hear(snapshot.roster, api.sessionId);
  }
  parts.facts.part?.show(snapshot, travel?.moment(snapshot) ?? null);
  for (const { part } of [parts.changes, parts.palette, recording ?? parts.travel]) part?.show(snapshot);
  views.notice.show(notice);
  showWanted();
});

if (addressed) settleOn(addressed);
stream.start();
if (hasKeyboard) views.composer.focusPrompt();
