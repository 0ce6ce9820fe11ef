"""What clients are answered, beside Message and State: the JSON of our own making, as types."""

from __future__ import annotations

from typing import Literal

import msgspec

from trio_agent.core.machine import AgentState
from trio_agent.core.message import Message, MessageType
from trio_agent.core.search import Piece
from trio_agent.core.usage import CumulativeUsage
from trio_agent.runtime.damaged_session import DamagedSession
from trio_agent.runtime.session import Session
from trio_agent.seams import Fork, SessionRecord


class Posted(msgspec.Struct, frozen=True, kw_only=True):
    """`POST /chat`: where the message stands, and the cursor after it."""

    log: str
    idx: int
    cursor: str


class Cancelled(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """`POST /cancel`; `tool_call_id` or `task` where one call, or one task, alone was stopped."""

    # A factory's default is not omitted.
    status: Literal["cancelled"] = msgspec.field(default_factory=lambda: "cancelled")
    reason: str
    tool_call_id: str = ""
    task: int = 0


class Withdrawn(msgspec.Struct, frozen=True, kw_only=True):
    """`POST /withdraw`: the message that was taken back; null for one that has not come, and now never will."""

    idx: int | None


class Uploaded(msgspec.Struct, frozen=True, kw_only=True):
    """`POST /blobs`: under which id the file is kept, and what it is by its own bytes."""

    blob: str
    size: int
    media_type: str


class Begun(msgspec.Struct, frozen=True, kw_only=True):
    """`POST /sessions`. `url` is relative to where the server's paths begin."""

    session_id: str
    url: str


class Listed(msgspec.Struct, frozen=True, kw_only=True):
    """A session in `GET /sessions`; one that is not open as it was when its last turn ended, null where that was not noted.

    `damaged` says why the log cannot be shown; empty where it can, or where nobody has asked for it yet. `asks` where it waits
    for an answer of the user's.
    """

    session_id: str
    url: str
    log: str
    title: str
    created: str
    archived: bool
    ended: bool
    model: str
    agent_state: str
    asks: bool
    message_count: int | None
    total_cost_usd: float | None
    updated: str | None
    forked_from: Fork | None
    damaged: str


class FoundMessage(msgspec.Struct, frozen=True, kw_only=True):
    """A message in `GET /search`. `url` leads to it in the dashboard; `snippet` is its text around what was found."""

    session_id: str
    url: str
    title: str
    archived: bool
    idx: int
    type: MessageType
    timestamp: str
    snippet: tuple[Piece, ...]


class Searched(msgspec.Struct, frozen=True, kw_only=True):
    """`GET /search`: sessions by their titles, and messages, newest first. `more` where there are others than these messages;
    not `complete` where some have not been looked at yet.
    """

    sessions: tuple[Listed, ...]
    messages: tuple[FoundMessage, ...]
    more: bool
    complete: bool


class Download(msgspec.Struct, frozen=True, kw_only=True):
    """`GET /download`: the whole session. Source of the names: the seed."""

    messages: tuple[Message, ...]
    message_count: int
    total_usage: CumulativeUsage
    hostname: str
    working_dir: str
    download_time: str


class Health(msgspec.Struct, frozen=True, kw_only=True):
    """`GET /healthz` and `GET /readyz`."""

    status: Literal["ok", "ready"]


class Replayed(msgspec.Struct, frozen=True, kw_only=True):
    """`GET /replay` and `POST /replay`: the first `position` of `count` messages are shown, in the log `log`."""

    position: int
    count: int
    playing: bool
    speed: float
    log: str


def session_url(session_id: str) -> str:
    return f"sessions/{session_id}/"


def listed(record: SessionRecord, session: Session | None) -> Listed:
    """`session` is None for one that is not open. Of a damaged one, what was kept of it before is told."""
    damaged = session.damage if isinstance(session, DamagedSession) else ""
    shown = None if damaged else session
    return Listed(
        session_id=record.session_id,
        url=session_url(record.session_id),
        log=record.log,
        title=record.title or record.facts.title,
        created=record.created,
        archived=record.archived,
        ended=record.ended or bool(damaged),
        model=record.model or record.facts.model,
        agent_state=(session.state if session else AgentState.WAITING_FOR_USER_INPUT).value,
        asks=session is not None and session.asks,
        message_count=shown.log.cursor.index if shown else record.messages,
        total_cost_usd=shown.usage.total_cost_usd if shown else record.cost_usd,
        updated=shown.account.last if shown else record.updated,
        forked_from=record.forked_from,
        damaged=damaged,
    )
