"""A store that forgets when the process ends: for tests under a fake clock, which threads would set running, and trials."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

import trio

from trio_agent.core.errors import StoreRefused
from trio_agent.seams import Entry, SessionRecord


@asynccontextmanager
async def open_memory() -> AsyncIterator[MemoryStore]:
    """A fresh, empty store."""
    await trio.lowlevel.checkpoint()
    yield MemoryStore()


class MemoryStore:
    """Store in two dicts. All work is done between checkpoints, so no call is ever half done."""

    def __init__(self) -> None:
        self._entries: dict[str, list[Entry]] = {}
        self._records: dict[str, SessionRecord] = {}

    async def append(self, entries: Sequence[Entry]) -> None:
        await trio.lowlevel.checkpoint()
        for entry in entries:
            self._entries.setdefault(entry.log, []).append(entry)

    async def read(self, log: str, start: int, stop: int) -> list[Entry]:
        await trio.lowlevel.checkpoint()
        return self._entries.get(log, [])[start:stop]

    async def sessions(self) -> list[SessionRecord]:
        await trio.lowlevel.checkpoint()
        return list(reversed(self._records.values()))

    async def save(self, record: SessionRecord) -> None:
        await trio.lowlevel.checkpoint()
        if record.deleted:
            self._records.pop(record.session_id, None)
            self._entries.pop(record.log, None)
        else:
            self._records[record.session_id] = record

    async def fork(self, record: SessionRecord, log: str, count: int) -> None:
        await trio.lowlevel.checkpoint()
        begun = self._entries.get(log, [])[:count]
        if len(begun) < count:
            raise StoreRefused(f"log {log} has no {count} messages")
        self._entries[record.log] = [Entry(record.log, entry.index, entry.wire, entry.tag) for entry in begun]
        self._records[record.session_id] = record
