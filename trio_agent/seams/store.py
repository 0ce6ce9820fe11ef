"""Where logs and sessions are kept. Part of the seams."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Protocol, runtime_checkable

import msgspec

from trio_agent.core.search import Query
from trio_agent.core.state import Facts


class Entry(msgspec.Struct, frozen=True):
    """One message as it is kept: its place, its wire bytes (ASCII JSON), the tag after it.

    `key` and `digest` are the Idempotency-Key it was posted with and the digest of that post's body; empty for the rest.
    """

    log: str
    index: int
    wire: bytes
    tag: str
    key: str = ""
    digest: str = ""


class Fork(msgspec.Struct, frozen=True, kw_only=True):
    """Where a session came from: it began with the first `index` messages of the session `session_id`, then called `title`."""

    session_id: str
    index: int
    title: str = ""


class Upload(msgspec.Struct, frozen=True, kw_only=True):
    """A file that a user brought into a session; its blob's id is the key it is kept under. `media_type` goes by its bytes."""

    size: int
    media_type: str


class SessionRecord(msgspec.Struct, frozen=True, kw_only=True):
    """What is kept of a session beside its log. `created` is RFC 3339; `facts` is the agent's last word on the session.
    `project` is what the server was started for (a repository's path): a server sees its own project's sessions only.

    `notes` belongs to the agent: whatever it needs to find its work again after a restart. `turn_from` is how long the log
    was when the last turn began, 0 once it ended: one that no last answer followed is unfinished. `taken` is the place after
    the last of the user's words that a turn took up, or of which the user was told that none will: later ones wait.

    `messages`, `cost_usd` and `updated` (when the last message came, RFC 3339) tell of a session without reading its log: as
    it was when this was kept, at the latest when its last turn ended; None where that was never noted.

    `uploads` are the files that users brought, by blob, whether a message names them or not: they go with the session.
    """

    session_id: str
    log: str
    created: str
    project: str = ""
    title: str = ""
    model: str = ""
    archived: bool = False
    ended: bool = False
    deleted: bool = False
    facts: Facts = Facts()
    notes: dict[str, str] = {}
    turn_from: int = 0
    taken: int = 0
    messages: int | None = None
    cost_usd: float | None = None
    updated: str | None = None
    forked_from: Fork | None = None
    uploads: dict[str, Upload] = {}


class Store(Protocol):
    """Where logs and sessions are kept. Raises StoreError and its kin only; a failed call has changed nothing."""

    async def append(self, entries: Sequence[Entry]) -> None:
        """Keep `entries`, all or none, of one log or several. Returns when they survive power loss.

        Once begun it runs to its end: a cancellation that comes meanwhile is delivered at the next checkpoint.
        """
        ...

    async def read(self, log: str, start: int, stop: int) -> list[Entry]:
        """The entries [start:stop) of `log`, in order; as many as there are."""
        ...

    async def sessions(self) -> list[SessionRecord]:
        """All sessions, newest first."""
        ...

    async def save(self, record: SessionRecord) -> None:
        """Keep `record` under its session_id. One that is `deleted` goes, and its log with it."""
        ...


class Found(msgspec.Struct, frozen=True):
    """Messages that were found, each by its log and index; `complete` unless some have not been looked at yet."""

    places: tuple[tuple[str, int], ...]
    complete: bool = True


@runtime_checkable
class Searchable(Protocol):
    """A Store that finds messages by an index of its own. One that has none is read through."""

    async def keep_index(self) -> None:
        """Keep the index up to date, until cancelled: its caller lends the task. Appends never wait for it."""
        ...

    async def find(self, query: Query, logs: Collection[str], limit: int) -> Found:
        """The messages of `logs` that `query` fits, newest first, `limit` at most. Raises StoreError."""
        ...


@runtime_checkable
class Forkable(Protocol):
    """A Store that can begin a log with the beginning of another."""

    async def fork(self, record: SessionRecord, log: str, count: int) -> None:
        """Keep `record`, and as its log the first `count` messages of `log`, without their keys; all or nothing.

        Raises StoreRefused where `log` has no such messages, and StoreError and its kin.
        """
        ...
