"""Backup: a copy of a store in one file, taken while a server goes on writing, and looked through before it has its name."""

from __future__ import annotations

import os
import secrets
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

import apsw

from trio_agent.core.blob_names import blobs_named
from trio_agent.core.cursor import Cursor, next_tag, start_of
from trio_agent.core.errors import ConfigError, StoreRefused
from trio_agent.seams import Entry, SessionRecord
from trio_agent.stores import sqlite_rows
from trio_agent.stores.backup_blobs import blobs_in, take_along
from trio_agent.stores.blobs import FileBlobs
from trio_agent.stores.sqlite_file import SCHEMA_VERSION, open_to_read, require_whole, sync_folder, translated


@dataclass(frozen=True, slots=True)
class Contents:
    """How much a store holds; `missing` blobs are those that messages refer to and that are not there."""

    sessions: int
    messages: int
    blobs: int = 0
    missing: int = 0

    def __str__(self) -> str:
        blobs = f" and {self.blobs} blobs" if self.blobs else ""
        return f"{self.sessions} sessions with {self.messages} messages{blobs}"


def back_up(path: Path, target: Path, *, blobs: Path | None = None, overwrite: bool = False) -> Contents:
    """Write what the store at `path` holds at this moment to `target`, mode 0600. It is all there or not at all.

    What messages refer to comes along from the directory `blobs`, where it is there.

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
            if blobs is not None:
                take_along(connection, _named(connection), FileBlobs(blobs))
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
    messages = 0
    named: set[str] = set()
    for record in sessions:
        for entry in entries_of(connection, record.log):
            messages += 1
            named |= blobs_named(entry.wire)
    blobs = sum(1 for _ in blobs_in(connection))
    return Contents(len(sessions), messages, blobs, len(named) - blobs)


def _named(connection: apsw.Connection) -> set[str]:
    wires = connection.execute("SELECT wire FROM message")
    return {name for (wire,) in wires if isinstance(wire, bytes) for name in blobs_named(wire)}


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
