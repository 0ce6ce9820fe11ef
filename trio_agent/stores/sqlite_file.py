"""The file of a store: locked, recognised, made. What is not ours, or newer, or damaged, is refused untouched."""

from __future__ import annotations

import errno
import fcntl
import os
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import apsw

from trio_agent.core.errors import StoreDown, StoreFull, StoreRefused

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


def open_to_write(path: Path) -> apsw.Connection:
    """A connection ready to write, with the schema in place. What is not ours has not been touched when this raises."""
    try:
        # By ourselves, and not by SQLite, whose new files are as open as the umask lets them be. Never where it exists:
        # closing a descriptor drops all locks that this process has on the file.
        os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600))
    except FileExistsError:
        if path.is_file() and path.stat().st_size:
            with closing(open_to_read(path)) as connection:
                _require_whole(connection, path)
    except OSError as exc:
        raise StoreRefused(f"cannot make the store {path}: {exc.strerror}; name another with --store") from exc
    connection = apsw.Connection(str(path))
    connection.set_busy_timeout(BUSY_MS)
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA synchronous = FULL")
    os.chmod(path, 0o600)
    if connection.pragma("schema_version") == 0:
        connection.execute(f"BEGIN; {_SCHEMA} PRAGMA application_id = {APPLICATION_ID}")
        connection.execute(f"PRAGMA user_version = {SCHEMA_VERSION}; COMMIT")
    return connection


def open_to_read(path: Path) -> apsw.Connection:
    """A connection that changes nothing. Raises StoreRefused for what is not ours or newer than this program."""
    connection = apsw.Connection(str(path), flags=apsw.SQLITE_OPEN_READONLY)
    try:
        connection.set_busy_timeout(BUSY_MS)
        if connection.pragma("schema_version") != 0:
            _require_ours(connection, path)
    except (apsw.Error, StoreRefused):
        connection.close()
        raise
    return connection


def _require_ours(connection: apsw.Connection, path: Path) -> None:
    if connection.pragma("application_id") != APPLICATION_ID:
        raise StoreRefused(f"{path} is a database of another program; name another file with --store")
    if connection.pragma("user_version") > SCHEMA_VERSION:
        raise StoreRefused(f"{path} was written by a newer trio-agent; upgrade this one, or name another file")


def _require_whole(connection: apsw.Connection, path: Path) -> None:
    verdict = connection.execute("PRAGMA quick_check(1)").get
    if verdict != "ok":
        told = " ".join(str(verdict).split())
        raise StoreRefused(f"{path} is damaged ({told}); restore a backup, or move it away to begin anew")


@contextmanager
def locked(path: Path) -> Iterator[Path]:
    """Hold the lock of the file at `path`; gives the file's own path, for one file has one lock whatever link leads to it.

    Raises StoreRefused. The lock file stays: removing it would let two processes lock two files of one name.
    """
    try:
        path = path.resolve()
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
        yield path
    finally:
        os.close(descriptor)


@contextmanager
def translated(doing: str, otherwise: type[StoreDown] | type[StoreRefused]) -> Iterator[None]:
    """Translate SQLite's errors to ours."""
    try:
        yield
    except apsw.FullError as exc:
        raise StoreFull("the disk is full: make room, then try again") from exc
    except (apsw.CorruptError, apsw.NotADBError) as exc:
        raise otherwise(f"{doing}: the file is damaged ({exc}); restore a backup, or move it away") from exc
    except apsw.Error as exc:
        raise otherwise(f"{doing}: {exc}") from exc
