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
from trio_agent.stores.sqlite_rows import seal_of
from trio_agent.stores.sqlite_wal import require_all_taken

APPLICATION_ID = 0x7472696F  # "trio" in ASCII: tells our files from anybody else's
SCHEMA_VERSION = 2
BUSY_MS = 5000  # a backup or an export may hold a read lock for a moment

_SCHEMA = """
CREATE TABLE session (
    session_id TEXT PRIMARY KEY,
    created TEXT NOT NULL,
    log TEXT NOT NULL UNIQUE,
    record BLOB NOT NULL,
    seal INTEGER NOT NULL
) STRICT;
CREATE TABLE message (
    log TEXT NOT NULL,
    idx INTEGER NOT NULL,
    wire BLOB NOT NULL,
    tag TEXT NOT NULL,
    key TEXT NOT NULL,
    digest TEXT NOT NULL,
    seal INTEGER NOT NULL,
    UNIQUE (log, idx)
) STRICT;
CREATE UNIQUE INDEX message_key ON message (log, key) WHERE key <> '';
"""

# Version 1 had no seals.
_UPGRADE = """
ALTER TABLE session ADD COLUMN seal INTEGER NOT NULL DEFAULT 0;
ALTER TABLE message ADD COLUMN seal INTEGER NOT NULL DEFAULT 0;
UPDATE session SET seal = seal_of(session_id, created, log, record);
UPDATE message SET seal = seal_of(log, idx, wire, tag, key, digest);
"""


def open_to_write(path: Path) -> apsw.Connection:
    """A connection ready to write, with the schema in place. What is refused has not been touched when this raises."""
    if not path.exists():
        _require_no_wal(path)
        make(path)
    with closing(open_to_read(path, oldest=1)) as connection:
        require_whole(connection, path)
    connection = apsw.Connection(str(path), flags=apsw.SQLITE_OPEN_READWRITE)
    connection.set_busy_timeout(BUSY_MS)
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA synchronous = FULL")
    os.chmod(path, 0o600)
    if connection.pragma("user_version") < SCHEMA_VERSION:
        connection.create_scalar_function("seal_of", seal_of)
        connection.execute(f"BEGIN IMMEDIATE; {_UPGRADE} PRAGMA user_version = {SCHEMA_VERSION}; COMMIT")
    return connection


def _require_no_wal(path: Path) -> None:
    """SQLite would play what a store left behind into the new one."""
    wal = Path(f"{path}-wal")
    if wal.exists() and wal.stat().st_size:
        raise StoreRefused(f"{path} is gone, but {wal} is there; restore a backup, or move that away to begin anew")


def make(path: Path) -> None:
    """A store without sessions at `path`, where nothing is. Its caller holds the lock, or has the folder to itself.

    Whole when it appears there: a file that is cut to nothing must not pass for one that was just begun.
    """
    fresh = path.with_name(f"{path.name}.new")
    try:
        fresh.unlink(missing_ok=True)  # of a process that died here
        # By ourselves, and not by SQLite, whose new files are as open as the umask lets them be.
        os.close(os.open(fresh, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600))
        with closing(apsw.Connection(str(fresh))) as connection:
            connection.execute(f"BEGIN; {_SCHEMA} PRAGMA application_id = {APPLICATION_ID}")
            connection.execute(f"PRAGMA user_version = {SCHEMA_VERSION}; COMMIT")
        fresh.replace(path)
        sync_folder(path.parent)
    except OSError as exc:
        raise StoreRefused(f"cannot make the store {path}: {exc.strerror}; name another with --store") from exc


def sync_folder(folder: Path) -> None:
    """Make names in `folder` survive power loss, as their files' content does."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def open_to_read(path: Path, oldest: int = SCHEMA_VERSION) -> apsw.Connection:
    """A connection that changes nothing. Raises StoreRefused for what is not ours, or of no version from `oldest` to ours."""
    if path.is_file() and not path.stat().st_size:
        raise StoreRefused(f"{path} is damaged (it is empty); restore a backup, or move it away to begin anew")
    require_all_taken(path)
    return open_beside(path, oldest)


def open_beside(path: Path, oldest: int = SCHEMA_VERSION) -> apsw.Connection:
    """The same for a store that this process has open already, and has looked at.

    Nothing but SQLite may open its files then: to close any descriptor of a file gives up all of the process's locks on it
    (fcntl_locking(2)). Without them the next process that opens the store takes it for nobody's, and makes the WAL's index
    anew under whoever has it mapped, which ends by SIGBUS. Source: https://www.sqlite.org/howtocorrupt.html § 2.2.
    """
    connection = apsw.Connection(str(path), flags=apsw.SQLITE_OPEN_READONLY)
    try:
        connection.set_busy_timeout(BUSY_MS)
        _require_ours(connection, path, oldest)
    except (apsw.Error, StoreRefused):
        connection.close()
        raise
    return connection


def _require_ours(connection: apsw.Connection, path: Path, oldest: int) -> None:
    if connection.pragma("application_id") != APPLICATION_ID:
        raise StoreRefused(f"{path} is a database of another program; name another file with --store")
    version = connection.pragma("user_version")
    if version > SCHEMA_VERSION:
        raise StoreRefused(f"{path} was written by a newer trio-agent; upgrade this one, or name another file")
    if version < oldest:
        raise StoreRefused(f"{path} was written by an older trio-agent; serve it once with this one, then try again")


def require_whole(connection: apsw.Connection, path: Path) -> None:
    """Raises StoreRefused where the file is damaged. Looks at indices too: a row that one of them lacks is not found."""
    verdict = connection.execute("PRAGMA integrity_check(1)").get
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
    except UnicodeDecodeError as exc:
        raise otherwise(f"{doing}: the file is damaged (text that is none); restore a backup, or move it away") from exc
    except apsw.Error as exc:
        raise otherwise(f"{doing}: {exc}") from exc
