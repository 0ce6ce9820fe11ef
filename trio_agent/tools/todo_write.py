"""The `todo_write` tool: the agent's list of things to do, which the user sees."""

from __future__ import annotations

from collections import Counter
from typing import Annotated

import msgspec
from msgspec import Meta

from trio_agent.core.errors import ToolError
from trio_agent.core.state import TodoItem, TodoStatus
from trio_agent.seams import Toolbench, ToolResult, ToolSpec
from trio_agent.tools.tool_input import decode_input, describe_tool

MAX_TASKS = 100
MAX_TASK_CHARS = 1000

DESCRIPTION = """Replace the list of things to do, which the user sees. Use it for work of three steps or more: write the \
list before you begin, mark one task in-progress when you start it, and completed as soon as it is done. At most one task is \
in-progress. Send the whole list every time."""


class Task(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    id: Annotated[str, Meta(min_length=1, max_length=64, description="Its name, the same from one list to the next.")]
    task: Annotated[str, Meta(min_length=1, max_length=MAX_TASK_CHARS, description="What to do.")]
    status: TodoStatus


class TodoWriteInput(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    tasks: Annotated[tuple[Task, ...], Meta(max_length=MAX_TASKS, description="All tasks, in the order of work.")]


class TodoWrite:
    @property
    def spec(self) -> ToolSpec:
        return describe_tool("todo_write", DESCRIPTION, TodoWriteInput)

    async def run(self, input: bytes, bench: Toolbench) -> ToolResult:
        tasks = decode_input(input, TodoWriteInput).tasks
        ids = Counter(task.id for task in tasks)
        if repeated := [id for id, count in ids.items() if count > 1]:
            raise ToolError(f"these ids are given to several tasks: {', '.join(repeated)}. The list was not changed")
        counts = Counter(task.status for task in tasks)
        if counts["in-progress"] > 1:
            raise ToolError(
                f"{counts['in-progress']} tasks are in-progress; at most one may be. The list was not changed"
            )
        bench.set_todo(tuple(TodoItem(id=task.id, task=task.task, status=task.status) for task in tasks))
        return ToolResult(
            text=f"{len(tasks)} tasks: {counts['completed']} completed, {counts['in-progress']} in-progress, "
            f"{counts['queued']} queued",
            display={"kind": "todo", "tasks": msgspec.to_builtins(tasks)},
        )
