/**
 * What runs in the session, as the event `tasks` tells of it: a tree, told whole whenever it is another. Pure.
 *
 * The server tells times by a clock of its own, together with what that clock says now; here they are in milliseconds of ours.
 *
 * @import { StreamEvent } from "./wire.js"
 *
 * @typedef {"turn" | "model" | "tool" | "subagent" | "naming" | "job" | "mcp" | "terminal"} TaskKind
 * @typedef {{
 *   id: number, parent?: number, kind: TaskKind, name?: string, since_s: number, deadline_s?: number, cancelled?: boolean,
 *   stoppable?: boolean, tool_call_id?: string, idx?: number,
 * }} ToldTask  as it stands on the wire
 * @typedef {{
 *   id: number, parent: number, kind: TaskKind, name: string, since: number, deadline: number, cancelled: boolean,
 *   stoppable: boolean, toolCallId: string, idx: number,
 * }} Task
 *   `parent` 0 = the session; `since` and `deadline` in ms of our clock, `deadline` 0 = none; `idx` -1 = none.
 * @typedef {{ now: number, tasks: readonly Task[] }} Running  `now` is what the server's clock said when it told this, in s.
 * @typedef {{
 *   task: Task, level: number, position: number, siblings: number, parts: number, open: boolean, deadline: number,
 * }} Row
 *   `deadline` 0 where it is that of what it is part of, for then it is shown there. `level` and `position` begin at 1; `parts` is how many tasks run directly within it; `open` where they are shown.
 */

/** @param {{ now_s: number, tasks: ToldTask[] }} told @param {number} nowMs @returns {Running} */
export function running({ now_s: now, tasks }, nowMs) {
  const here = (/** @type {number} */ then) => nowMs + (then - now) * 1000;
  return {
    now,
    tasks: tasks.map((task) => ({
      id: task.id,
      parent: task.parent ?? 0,
      kind: task.kind,
      name: task.name ?? "",
      since: here(task.since_s),
      deadline: task.deadline_s === undefined ? 0 : here(task.deadline_s),
      cancelled: task.cancelled ?? false,
      stoppable: task.stoppable ?? false,
      toolCallId: task.tool_call_id ?? "",
      idx: task.idx ?? -1,
    })),
  };
}

/**
 * What is known after `events`. A new connection tells anew, maybe of another server, whose clock says something else.
 * @param {Running | null} known
 * @param {readonly StreamEvent[]} events
 * @param {number} nowMs
 */
export function takeTasks(known, events, nowMs) {
  for (const { event, data } of events) {
    if (event === "tasks") known = running(JSON.parse(data), nowMs);
    else if (event === "ready") known = null;
  }
  return known;
}

/**
 * The rows to show, each after the one it is part of. One whose parent is not there stands by itself.
 * @param {readonly Task[]} tasks
 * @param {ReadonlySet<number>} closed ids of those whose parts are not shown
 * @returns {Row[]}
 */
export function rowsOf(tasks, closed) {
  const known = new Map(tasks.map((task) => [task.id, task]));
  /** @type {Map<number, Task[]>} */
  const parts = new Map();
  for (const task of tasks) {
    const parent = known.has(task.parent) ? task.parent : 0;
    parts.set(parent, [...(parts.get(parent) ?? []), task]);
  }
  /** @type {Row[]} */
  const rows = [];
  const add = (/** @type {number} */ parent, /** @type {number} */ level) => {
    const siblings = parts.get(parent) ?? [];
    for (const [at, task] of siblings.entries()) {
      const own = parts.get(task.id)?.length ?? 0;
      const open = own > 0 && !closed.has(task.id);
      const deadline = task.deadline === known.get(task.parent)?.deadline ? 0 : task.deadline;
      rows.push({ task, level, position: at + 1, siblings: siblings.length, parts: own, open, deadline });
      if (open) add(task.id, level + 1);
    }
  };
  add(0, 1);
  return rows;
}

/** `0:07`, `12:03`, `1:02:03`: as wide for every second of an hour, so that what ticks moves nothing. @param {number} ms */
export function ticking(ms) {
  const seconds = Math.max(0, Math.floor(ms / 1000));
  const [hours, minutes] = [Math.floor(seconds / 3600), Math.floor((seconds % 3600) / 60)];
  const two = (/** @type {number} */ count) => String(count).padStart(2, "0");
  return hours > 0 ? `${hours}:${two(minutes)}:${two(seconds % 60)}` : `${minutes}:${two(seconds % 60)}`;
}
