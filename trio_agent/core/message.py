"""The wire's nouns: Message, ToolCall, Commit.

Field names are the seed's and stay as they are, `turnDuration` among them. A field that is empty is absent, but for six
that a reader may count on: their defaults are factories, which msgspec does not omit.
"""

from __future__ import annotations

from typing import Any, Literal

import msgspec

from trio_agent.core.usage import Usage

MessageType = Literal["user", "agent", "error", "budget", "tool", "commit", "auto", "compact"]


class ToolCall(msgspec.Struct, frozen=True, kw_only=True):
    """A model's request to run a tool. `input` is JSON text as the model wrote it, which may be invalid JSON."""

    name: str
    input: str
    tool_call_id: str


class Commit(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A git commit. `pushed_branch` is set on the head, to the branch it arrived on in the user's repository."""

    hash: str
    subject: str
    body: str
    pushed_branch: str = ""


class Message(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One entry of a log. Immutable; `idx` and `timestamp` (RFC 3339, UTC) are set by the log that takes it.

    `elapsed` and `turnDuration` are nanoseconds, `start_time` and `end_time` RFC 3339. `turnDuration` is set on the agent
    message that ends a turn. `display` is what a tool wants shown, an object with a `kind`.
    """

    type: MessageType = msgspec.field(default_factory=lambda: "auto")
    end_of_turn: bool = msgspec.field(default_factory=bool)
    content: str = msgspec.field(default_factory=str)
    tool_name: str = ""
    input: str = ""
    tool_result: str = ""
    tool_error: bool = False
    tool_call_id: str = ""
    tool_calls: tuple[ToolCall, ...] = ()
    commits: tuple[Commit, ...] = ()
    timestamp: str = msgspec.field(default_factory=str)
    conversation_id: str = msgspec.field(default_factory=str)
    parent_conversation_id: str = ""
    usage: Usage | None = None
    start_time: str = ""
    end_time: str = ""
    elapsed: int = 0
    turnDuration: int = 0
    display: dict[str, Any] | None = None
    thinking: str = ""
    model: str = ""
    idx: int = msgspec.field(default_factory=int)
