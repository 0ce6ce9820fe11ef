"""Backup: a copy of a store in one file, taken while a server goes on writing, and looked through before it has its name."""

from __future__ import annotations

import os
import secrets
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

import apsw

from trio_agent.core.cursor import Cursor, next_tag, start_of
from trio_agent.core.errors import ConfigError, StoreRefused
from trio_agent.seams import Entry, SessionRecord
from trio_agent.stores import sqlite_rows
from trio_agent.stores.sqlite_file import SCHEMA_VERSION, open_to_read, require_whole, sync_folder, translated


@dataclass(frozen=True, slots=True)
class Contents:
    """How much a store holds."""

    sessions: int
    messages: int


def back_up(path: Path, target: Path, *, overwrite: bool = False) -> Contents:
    """Write what the store at `path` holds at this moment to `target`, mode 0600. It is all there or not at all.

    Raises StoreRefused where the store is damaged or cannot be copied, ConfigError where something is at `target`.
    """
    if target.exists():
        if path.exists() and target.samefile(path):
            raise ConfigError(f"{target} is the store itself; name another file")
        if not overwrite or not target.is_file():
            raise ConfigError(f"{target} exists; name another file, or give --force to replace it")
    with translated(f"cannot back up {path} to {target}", StoreRefused), unfinished(target) as copy:
        with closing(open_to_read(path)) as source, closing(apsw.Connection(str(copy))) as connection:
            # In one step, so under one read transaction: a writer in another process neither waits nor is half seen.
            with connection.backup("main", source, "main") as backup:
                backup.step()
            # One file, without a WAL beside it that could be left behind when it is carried elsewhere.
            connection.execute("PRAGMA journal_mode = DELETE")
            contents = look_through(connection, path)
        with copy.open("rb") as file:
            os.fsync(file.fileno())
        copy.replace(target)
        sync_folder(target.parent)
    return contents


@contextmanager
def unfinished(target: Path) -> Iterator[Path]:
    """A new private file beside `target`, to be renamed to it once whole; gone in the end if it was not."""
    path = target.with_name(f".{target.name}.{secrets.token_hex(4)}")
    try:
        os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600))
    except OSError as exc:
        raise StoreRefused(f"cannot write to {target.parent}: {exc.strerror}; name another place") from exc
    try:
        yield path
    finally:
        for left in (path, Path(f"{path}-journal"), Path(f"{path}-wal"), Path(f"{path}-shm")):
            left.unlink(missing_ok=True)


def look_through(connection: apsw.Connection, path: Path) -> Contents:
    """Read all of a store and hold every message against the chain of tags. Raises StoreRefused where it is damaged."""
    require_whole(connection, path)
    sessions = records_of(connection)
    return Contents(len(sessions), sum(1 for record in sessions for _ in entries_of(connection, record.log)))


def records_of(connection: apsw.Connection) -> list[SessionRecord]:
    """The sessions, oldest first. Raises StoreRefused for one that is damaged."""
    if connection.pragma("user_version") != SCHEMA_VERSION:
        raise StoreRefused("the file was written by another version of trio-agent")
    return [sqlite_rows.record_of(row) for row in connection.execute(sqlite_rows.SELECT_SESSIONS)][::-1]


def entries_of(connection: apsw.Connection, log: str) -> Iterator[Entry]:
    """The messages of `log` from the first on. Raises StoreRefused where one is damaged or missing."""
    at = start_of(log)
    for row in connection.execute(sqlite_rows.SELECT_MESSAGES, (log, 0, 2**62)):
        entry = sqlite_rows.entry_of(row)
        if entry.index != at.index or entry.tag != next_tag(at.tag, entry.wire):
            raise StoreRefused(f"log {log} is damaged at message {at.index}")
        at = Cursor(log, entry.index + 1, entry.tag)
        yield entry
