"""The store on disk: SQLite in WAL mode with `synchronous=FULL`, so that what `append` returned from survives power loss.

Rules: one process a file (an flock on `PATH.lock`, released by the kernel however the process ends), one writing connection
used by one thread at a time, readers on a connection of their own that is never in the writer's way. A file that is damaged or
newer than this program is refused and left as it is.
"""

from __future__ import annotations

import errno
import fcntl
import os
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import TypeVar

import apsw
import msgspec
import trio

from trio_agent.core.errors import StoreDown, StoreFull, StoreRefused
from trio_agent.seams import Entry, SessionRecord

APPLICATION_ID = 0x7472696F  # "trio" in ASCII: tells our files from anybody else's
SCHEMA_VERSION = 1
BUSY_MS = 5000  # a backup or an export may hold a read lock for a moment

_SCHEMA = """
CREATE TABLE session (
    session_id TEXT PRIMARY KEY,
    created TEXT NOT NULL,
    log TEXT NOT NULL UNIQUE,
    record BLOB NOT NULL
) STRICT;
CREATE TABLE message (
    log TEXT NOT NULL,
    idx INTEGER NOT NULL,
    wire BLOB NOT NULL,
    tag TEXT NOT NULL,
    key TEXT NOT NULL,
    digest TEXT NOT NULL,
    UNIQUE (log, idx)
) STRICT;
CREATE UNIQUE INDEX message_key ON message (log, key) WHERE key <> '';
"""

_INSERT = "INSERT INTO message (log, idx, wire, tag, key, digest) VALUES (?, ?, ?, ?, ?, ?)"
_SELECT = "SELECT log, idx, wire, tag, key, digest FROM message WHERE log = ? AND idx >= ? AND idx < ? ORDER BY idx"
_UPSERT = """
INSERT INTO session (session_id, created, log, record) VALUES (?1, ?2, ?3, ?4)
ON CONFLICT (session_id) DO UPDATE SET created = ?2, log = ?3, record = ?4
"""

R = TypeVar("R")


@asynccontextmanager
async def open_sqlite(path: Path) -> AsyncIterator[SqliteStore]:
    """The store at `path`, made if it is not there (mode 0600, its directory 0700).

    Raises StoreRefused where another process has it, or it is damaged, or not ours, or newer than this program.
    """
    with _locked(path):
        store = await trio.to_thread.run_sync(SqliteStore, path)
        try:
            yield store
        finally:
            store.close()


class SqliteReader:
    """What can be read of a store file. Needs no lock: it sees what was committed when it looks."""

    def __init__(self, path: Path) -> None:
        """Raises StoreRefused where there is no store at `path`."""
        self._one_reader = trio.CapacityLimiter(1)
        with _translated(f"cannot open the store {path}", StoreRefused):
            self._reader = apsw.Connection(str(path), flags=apsw.SQLITE_OPEN_READONLY)
            self._reader.set_busy_timeout(BUSY_MS)

    def close(self) -> None:
        self._reader.close()

    async def read(self, log: str, start: int, stop: int) -> list[Entry]:
        rows = await self._read(lambda: list(self._reader.execute(_SELECT, (log, start, stop))))
        return [Entry(*row) for row in rows]

    async def sessions(self) -> list[SessionRecord]:
        query = "SELECT record FROM session ORDER BY created DESC, rowid DESC"
        rows = await self._read(lambda: list(self._reader.execute(query)))
        return [msgspec.json.decode(record, type=SessionRecord) for (record,) in rows]

    async def count(self, log: str) -> int:
        """How many messages `log` has."""
        query = "SELECT count(*) FROM message WHERE log = ?"
        ((count,),) = await self._read(lambda: list(self._reader.execute(query, (log,))))
        return int(count)

    async def _read(self, query: Callable[[], R]) -> R:
        def work() -> R:
            with _translated("cannot read the store", StoreDown):
                return query()

        return await trio.to_thread.run_sync(work, limiter=self._one_reader)


class SqliteStore(SqliteReader):
    """Store on one SQLite file. Made by `open_sqlite`, which holds the lock for it."""

    def __init__(self, path: Path) -> None:
        self._one_writer = trio.CapacityLimiter(1)
        with _translated(f"cannot open the store {path}", StoreRefused):
            self._writer = _open_writer(path)
        super().__init__(path)

    def close(self) -> None:
        """Synchronous, so that a cancelled shutdown closes too. The last connection to go folds the WAL into the file."""
        super().close()
        self._writer.close()

    async def append(self, entries: Sequence[Entry]) -> None:
        rows = [(e.log, e.index, e.wire, e.tag, e.key, e.digest) for e in entries]
        await self._write(lambda: self._writer.executemany(_INSERT, rows))

    async def save(self, record: SessionRecord) -> None:
        def work() -> None:
            if record.deleted:
                self._writer.execute("DELETE FROM session WHERE session_id = ?", (record.session_id,))
                self._writer.execute("DELETE FROM message WHERE log = ?", (record.log,))
            else:
                row = (record.session_id, record.created, record.log, msgspec.json.encode(record))
                self._writer.execute(_UPSERT, row)

        await self._write(work)

    async def _write(self, work: Callable[[], object]) -> None:
        def transaction() -> None:
            with _translated("cannot write to the store", StoreDown):
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


def _open_writer(path: Path) -> apsw.Connection:
    """A connection ready to write, with the schema in place."""
    connection = apsw.Connection(str(path))
    os.chmod(path, 0o600)
    connection.set_busy_timeout(BUSY_MS)
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA synchronous = FULL")
    version = connection.pragma("user_version")
    if version == 0 and connection.pragma("schema_version") == 0:
        connection.execute(f"BEGIN; {_SCHEMA} PRAGMA application_id = {APPLICATION_ID}")
        connection.execute(f"PRAGMA user_version = {SCHEMA_VERSION}; COMMIT")
    elif connection.pragma("application_id") != APPLICATION_ID:
        raise StoreRefused(f"{path} is a database of another program; name another file with --store")
    elif version > SCHEMA_VERSION:
        raise StoreRefused(f"{path} was written by a newer trio-agent; upgrade this one, or name another file")
    elif (verdict := connection.execute("PRAGMA quick_check(1)").get) != "ok":
        raise StoreRefused(f"{path} is damaged ({verdict}); restore a backup, or move it away to begin anew")
    return connection


@contextmanager
def _locked(path: Path) -> Iterator[None]:
    """Hold the file's lock. The lock file stays: removing it would let two processes lock two files of one name."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        descriptor = os.open(f"{path}.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except OSError as exc:
        raise StoreRefused(f"cannot open the store {path}: {exc.strerror}; name another with --store") from exc
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as exc:
        os.close(descriptor)
        if exc.errno in (errno.EWOULDBLOCK, errno.EACCES):
            raise StoreRefused(
                f"the store {path} is in use by another trio-agent; stop that one, or name another with --data-dir"
            ) from exc
        raise StoreRefused(f"cannot lock the store {path}: {exc.strerror}") from exc
    try:
        yield
    finally:
        os.close(descriptor)


@contextmanager
def _translated(doing: str, otherwise: type[StoreDown] | type[StoreRefused]) -> Iterator[None]:
    """Translate SQLite's errors to ours."""
    try:
        yield
    except apsw.FullError as exc:
        raise StoreFull("the disk is full: make room, then try again") from exc
    except (apsw.CorruptError, apsw.NotADBError) as exc:
        raise otherwise(f"{doing}: the file is damaged ({exc}); restore a backup, or move it away") from exc
    except apsw.Error as exc:
        raise otherwise(f"{doing}: {exc}") from exc
