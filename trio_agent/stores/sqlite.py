"""The store on disk: SQLite in WAL mode with `synchronous=FULL`, so that what `append` returned from survives power loss.

Rules: one process a file (an flock on `PATH.lock`, released by the kernel however the process ends), one writing connection
used by one thread at a time, readers on a connection of their own that is never in the writer's way. A file that is damaged or
newer than this program is refused and left as it is.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Collection, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TypeVar

import apsw
import trio

from trio_agent.core.errors import StoreDown, StoreRefused
from trio_agent.core.search import Query
from trio_agent.seams import Entry, Found, SessionRecord
from trio_agent.stores import sqlite_rows
from trio_agent.stores.search_index import INDEX_SUFFIX
from trio_agent.stores.sqlite_file import locked, open_beside, open_to_read, open_to_write, require_whole, translated
from trio_agent.stores.sqlite_fork import copy_log
from trio_agent.stores.sqlite_search import SqliteSearch

R = TypeVar("R")


@asynccontextmanager
async def open_sqlite(path: Path) -> AsyncIterator[SqliteStore]:
    """The store at `path`, made if it is not there (mode 0600, its directory 0700).

    Raises StoreRefused where another process has it, or it is damaged, or not ours, or newer than this program.
    """
    with locked(path) as real:
        store = await trio.to_thread.run_sync(SqliteStore, real)
        try:
            yield store
        finally:
            store.close()


class SqliteReader:
    """What can be read of a store file. Needs no lock: it sees what was committed when it looks."""

    def __init__(self, path: Path, connect: Callable[[Path], apsw.Connection] = open_to_read) -> None:
        """Raises StoreRefused where there is no store of ours at `path`."""
        self._one_reader = trio.CapacityLimiter(1)
        self._path = path
        with translated(f"cannot open the store {path}", StoreRefused):
            self._reader = connect(path)

    def close(self) -> None:
        self._reader.close()

    async def read(self, log: str, start: int, stop: int) -> list[Entry]:
        query = sqlite_rows.SELECT_MESSAGES
        # The seals are looked at in the thread: of a long log, that would hold the whole program up.
        return await self._read(
            lambda: [sqlite_rows.entry_of(row) for row in self._reader.execute(query, (log, start, stop))]
        )

    async def sessions(self) -> list[SessionRecord]:
        query = sqlite_rows.SELECT_SESSIONS
        return await self._read(lambda: [sqlite_rows.record_of(row) for row in self._reader.execute(query)])

    async def count(self, log: str) -> int:
        """How many messages `log` has."""
        query = "SELECT count(*) FROM message WHERE log = ?"
        ((count,),) = await self._read(lambda: list(self._reader.execute(query, (log,))))
        return int(count)

    async def require_whole(self) -> None:
        """Look at the whole file: about a second a gigabyte. Raises StoreRefused where it is damaged."""
        await self._read(lambda: require_whole(self._reader, self._path))

    async def _read(self, query: Callable[[], R]) -> R:
        def work() -> R:
            with translated("cannot read the store", StoreDown):
                return query()

        return await trio.to_thread.run_sync(work, limiter=self._one_reader)


class SqliteStore(SqliteReader):
    """Store on one SQLite file. Made by `open_sqlite`, which holds the lock for it."""

    def __init__(self, path: Path) -> None:
        self._one_writer = trio.CapacityLimiter(1)
        with translated(f"cannot open the store {path}", StoreRefused):
            self._writer = open_to_write(path)
        try:
            super().__init__(path, open_beside)
        except StoreRefused:
            self._writer.close()
            raise
        self._search = SqliteSearch(self, Path(f"{path}{INDEX_SUFFIX}"))

    def close(self) -> None:
        """Synchronous, so that a cancelled shutdown closes too. The last connection to go folds the WAL into the file."""
        super().close()
        self._writer.close()

    async def append(self, entries: Sequence[Entry]) -> None:
        rows = [sqlite_rows.message_row(entry) for entry in entries]
        await self._write(lambda: self._writer.executemany(sqlite_rows.INSERT_MESSAGE, rows))
        self._search.changed({entry.log for entry in entries})

    async def keep_index(self) -> None:
        await self._search.keep_index()

    async def find(self, query: Query, logs: Collection[str], limit: int) -> Found:
        return await self._search.find(query, logs, limit)

    async def save(self, record: SessionRecord) -> None:
        def work() -> None:
            if record.deleted:
                self._writer.execute("DELETE FROM session WHERE session_id = ?", (record.session_id,))
                self._writer.execute("DELETE FROM message WHERE log = ?", (record.log,))
            else:
                self._writer.execute(sqlite_rows.UPSERT_SESSION, sqlite_rows.session_row(record))

        await self._write(work)
        if record.deleted:
            self._search.changed([record.log])

    async def fork(self, record: SessionRecord, log: str, count: int) -> None:
        await self._write(lambda: copy_log(self._writer, record, log, count))
        self._search.changed([record.log])

    async def _write(self, work: Callable[[], object]) -> None:
        def transaction() -> None:
            with translated("cannot write to the store", StoreDown):
                self._writer.execute("BEGIN IMMEDIATE")
                try:
                    work()
                    self._writer.execute("COMMIT")
                finally:
                    # Some errors end a transaction by themselves (a full disk does), others leave it open.
                    if self._writer.in_transaction:
                        self._writer.execute("ROLLBACK")

        # Not abandoned on cancel: a commit that has begun ends before anybody acts on its outcome.
        await trio.to_thread.run_sync(transaction, limiter=self._one_writer)
