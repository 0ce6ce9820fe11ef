"""State: the snapshot of a session that clients are sent.

`message_count` and `cursor` come first on the wire: they differ from reader to reader (a state never runs ahead of what its
connection was sent), while the rest is encoded once and shared.
"""

from __future__ import annotations

from typing import Literal

import msgspec

from trio_agent.core.budget import Budget
from trio_agent.core.usage import CumulativeUsage

TodoStatus = Literal["queued", "in-progress", "completed"]


class TodoItem(msgspec.Struct, frozen=True, kw_only=True):
    id: str
    task: str
    status: TodoStatus


class Facts(msgspec.Struct, frozen=True, kw_only=True):
    """What an agent knows of its session beyond the messages; every field is the State field of the same name."""

    title: str = ""
    slug: str = ""
    branch_name: str = ""
    initial_commit: str = ""
    git_origin: str = ""
    working_dir: str = ""
    model: str = ""
    sandbox: str = ""
    context_window: int = 0
    context_used: int = 0
    diff_lines_added: int = 0
    diff_lines_removed: int = 0
    todo: tuple[TodoItem, ...] = ()
    first_message_index: int = 0
    budget: Budget = Budget()


class State(msgspec.Struct, frozen=True, kw_only=True):
    """The seed's State and what this program adds. All fields are always there, so a client need not guess."""

    message_count: int
    cursor: str
    log: str
    session_id: str
    agent_state: str
    total_usage: CumulativeUsage
    outstanding_llm_calls: int
    outstanding_tool_calls: tuple[str, ...]
    streams: int
    session_ended: bool
    heartbeat: float
    title: str
    slug: str
    branch_name: str
    initial_commit: str
    git_origin: str
    model: str
    sandbox: str
    context_window: int
    context_used: int
    diff_lines_added: int
    diff_lines_removed: int
    todo: tuple[TodoItem, ...]
    first_message_index: int
    budget: Budget
    hostname: str
    working_dir: str
    os: str
    in_container: bool
    outside_hostname: str
    inside_hostname: str
    outside_os: str
    inside_os: str
    outside_working_dir: str
    inside_working_dir: str
    ssh_available: bool = False
    ssh_error: str = ""
