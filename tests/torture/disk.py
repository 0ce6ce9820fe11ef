"""The disk: what is there after a crash. Each life of the server sees it through a store that dies with that life."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from random import Random

import msgspec
import trio

from tests.torture import history as h
from tests.torture.network import Record
from trio_agent.core.cursor import LOG_ID_ENTROPY_BYTES, Cursor, log_id
from trio_agent.core.errors import StoreDown, StoreFull
from trio_agent.seams import Entry, SessionRecord
from trio_agent.stores.memory import MemoryStore

COMMIT_S = 0.03
READ_S = 0.0005


@dataclass
class Disk:
    """Entries and records that outlive the process, the faults that a disk has, and when the next crash comes."""

    random: Random
    record: Record
    count: Callable[[str], None]
    entries: dict[str, list[Entry]] = field(default_factory=dict)
    records: dict[str, SessionRecord] = field(default_factory=dict)
    full: bool = False
    unreadable: bool = False
    refused_reads: int = 0
    crash_at_append: str = ""
    """`before` or `after`: the process dies when the next append is about to be, or just became, durable."""
    crash: Callable[[], None] = lambda: None

    def newest(self) -> SessionRecord | None:
        return next(reversed(self.records.values()), None)

    def found(self) -> None:
        """Record what a process that begins now will find."""
        if (newest := self.newest()) is not None:
            wires = tuple(entry.wire for entry in self.entries.get(newest.log, []))
            self.record(h.Found(trio.current_time(), newest.log, wires))

    def restore_older(self) -> None:
        """Put an older copy of the log in its place, by hand: under the same identity."""
        newest = self.newest()
        if newest is None or not self.entries.get(newest.log):
            return
        entries = self.entries[newest.log]
        count = self.random.randint(max(0, len(entries) - 12), len(entries) - 1)
        del entries[count:]
        self.count("older log restored")
        self.record(h.Restored(trio.current_time(), newest.log, count))

    def swap_log(self) -> None:
        """Restore a backup as it should be: what is left of the log gets a new identity."""
        newest = self.newest()
        if newest is None:
            return
        log = log_id(self.random.randbytes(LOG_ID_ENTROPY_BYTES))
        old = self.entries.get(newest.log, [])
        kept = old[: self.random.randint(0, len(old))]
        self.entries[log] = [msgspec.structs.replace(entry, log=log) for entry in kept]
        self.records[newest.session_id] = msgspec.structs.replace(newest, log=log, turn_from=0)
        self.count("log swapped")
        for entry in self.entries[log]:
            self.tell(entry)

    def tell(self, entry: Entry) -> None:
        """Record that `entry` is durable."""
        cursor = str(Cursor(entry.log, entry.index + 1, entry.tag))
        from_agent = b'"type":"agent"' in entry.wire
        self.record(h.Stored(trio.current_time(), entry.log, entry.index, entry.wire, cursor, entry.key, from_agent))


class DiskStore(MemoryStore):
    """The store of one life: of MemoryStore it has all but that writing takes time, may fail, and ends with the life."""

    def __init__(self, disk: Disk) -> None:
        super().__init__()
        self._entries, self._records = disk.entries, disk.records
        self._disk = disk
        self._died = trio.Event()

    def die(self) -> None:
        """The process is killed: what is not durable by now never will be."""
        self._died.set()

    async def append(self, entries: Sequence[Entry]) -> None:
        disk = self._disk
        await self._take_time(disk.random.choice((0.0, 0.001, COMMIT_S)))
        if disk.full:
            disk.count("store full")
            raise StoreFull("no room on the disk")
        when, disk.crash_at_append = disk.crash_at_append, ""
        if when == "before":
            disk.count("crash before durable")
            disk.crash()
            raise StoreDown("killed")
        for entry in entries:
            self._entries.setdefault(entry.log, []).append(entry)
            disk.tell(entry)
        if len(entries) > 1:
            disk.count("several in one commit")
        if when == "after":
            disk.count("crash after durable")
            disk.crash()
            raise StoreDown("killed")

    async def read(self, log: str, start: int, stop: int) -> list[Entry]:
        await trio.sleep(READ_S)
        if self._disk.unreadable:
            self._disk.refused_reads += 1
            self._disk.count("store unreadable")
            raise StoreDown("the disk does not answer")
        return self._entries.get(log, [])[start:stop]

    async def save(self, record: SessionRecord) -> None:
        await self._take_time(COMMIT_S)
        if self._disk.full:
            raise StoreFull("no room on the disk")
        self._records[record.session_id] = record

    async def _take_time(self, seconds: float) -> None:
        # As a thread that cannot be called back: whoever is cancelled meanwhile hears of it at the next checkpoint.
        with trio.CancelScope(shield=True), trio.move_on_after(seconds):
            await self._died.wait()
        if self._died.is_set():
            raise StoreDown("killed")
