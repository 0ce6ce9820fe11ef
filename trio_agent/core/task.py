"""What runs in a session, as its users are told of it: the wire's nouns of the task tree."""

from __future__ import annotations

from typing import Literal

import msgspec

TaskKind = Literal["turn", "model", "tool", "subagent", "naming", "job", "mcp", "terminal"]
"""`naming` finds the session's name, `job` is a command in the background, `mcp` a server of tools that the user named."""


class Task(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One node of the tree. `parent` is the id of the task that it runs within; absent for those of the session itself.

    `since_s` and `deadline_s` are seconds of a clock that never goes back, and mean something in relation to the `now_s`
    beside them only. `deadline_s` is the effective one: the earliest of all cancel scopes around what the task does;
    absent where there is none. `cancelled` where it was told to stop and has not ended yet; `stoppable` where a user
    may tell it to. `name` is that of the model, the tool or the server, the conversation of a sub-agent, the number of a
    terminal, the command of a job.
    """

    id: int
    parent: int = 0
    kind: TaskKind
    name: str = ""
    since_s: float
    deadline_s: float | None = None
    cancelled: bool = False
    stoppable: bool = False
    tool_call_id: str = ""
    idx: int | None = None
    """Of a turn: the message that it began with."""


class Tasks(msgspec.Struct, frozen=True, kw_only=True):
    """`GET /tasks`, and the event `tasks`: all that runs, each after what it runs within."""

    now_s: float
    tasks: tuple[Task, ...] = ()
