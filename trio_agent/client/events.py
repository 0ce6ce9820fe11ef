"""What a client hears of a session, one fact an event.

What is on screen after these is what the log holds: a message comes once and in order, across any number of connections.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from trio_agent.client.connection import Connection
from trio_agent.core.message import Message
from trio_agent.core.state import State

Part = Literal["content", "thinking"]


@dataclass(frozen=True, slots=True)
class ConnectionChanged:
    """The connection is another than before: opened, lost, waiting for the next try."""

    connection: Connection


@dataclass(frozen=True, slots=True)
class Opened:
    """A connection is open. The log held `count` messages then; those from `start` on will follow."""

    log: str
    start: int
    count: int
    heartbeat_s: float
    server: str


@dataclass(frozen=True, slots=True)
class Reset:
    """Drop everything of this session: what comes from here on is another history, from message `start` on."""

    reason: str
    log: str
    start: int


@dataclass(frozen=True, slots=True)
class MessageArrived:
    """The next message of the log. `cursor` says "I have it and all before"; text being written for its idx is void."""

    message: Message
    cursor: str


@dataclass(frozen=True, slots=True)
class StateChanged:
    """The session's State. Its `message_count` is never ahead of the messages that came."""

    state: State


@dataclass(frozen=True, slots=True)
class TextGrew:
    """`text` is now what stands at `offset` (Unicode code points) of a part of message `idx` that is being written.

    An offset of 0 replaces the part; any other is its end so far. After a reconnect it goes on where it was.
    """

    idx: int
    part: Part
    offset: int
    text: str


@dataclass(frozen=True, slots=True)
class TextDropped:
    """What was being written for message `idx` was given up: no message will hold it."""

    idx: int


@dataclass(frozen=True, slots=True)
class ToolWrote:
    """`text` stands at `offset` (code points) of the output of a running tool.

    Beyond the end of what came before, the piece between is lost: a late reader is sent only the end. Below that end, the
    output began anew. After a reconnect it goes on where it was.
    """

    tool_call_id: str
    offset: int
    text: str


Event = ConnectionChanged | Opened | Reset | MessageArrived | StateChanged | TextGrew | TextDropped | ToolWrote
