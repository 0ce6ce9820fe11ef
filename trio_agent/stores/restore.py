"""Restore: a backup's sessions become a store again, each with a log of a new identity.

New, because a log that went back in time may differ from what clients have seen: one that resumes by a cursor of the old log
is told so and begins anew, instead of being handed messages that do not follow on what it has. The messages are the same,
byte by byte, and so are their tags, which chain content only; the Idempotency-Keys are kept, so that a post of before the
backup that is sent again is still recognised.
"""

from __future__ import annotations

import os
import secrets
from contextlib import closing
from dataclasses import dataclass
from dataclasses import replace as replaced
from datetime import UTC, datetime
from pathlib import Path

import apsw
import msgspec

from trio_agent.core.cursor import LOG_ID_ENTROPY_BYTES, log_id
from trio_agent.core.errors import StoreRefused
from trio_agent.stores import sqlite_rows
from trio_agent.stores.backup import Contents, entries_of, look_through, records_of, unfinished
from trio_agent.stores.backup_blobs import blobs_in
from trio_agent.stores.blobs import FileBlobs
from trio_agent.stores.sqlite_file import (
    locked,
    make,
    open_to_read,
    open_to_write,
    sync_folder,
    translated,
)


@dataclass(frozen=True, slots=True)
class Restored:
    """What a restore did. `moved_to` is where the store that was there before is now; None where there was none."""

    contents: Contents
    moved_to: Path | None


def restore(backup: Path, path: Path, *, blobs: Path | None = None, replace: bool = False) -> Restored:
    """Make the sessions in `backup` the store at `path`; all of them, or nothing has changed.

    Its blobs are put into the directory `blobs`, beside those that are there. What is a store already is moved aside where
    `replace` says so. Raises StoreRefused: a server has the store, there are sessions in it, or `backup` is damaged or no
    backup.
    """
    if not backup.is_file():
        raise StoreRefused(f"there is no backup at {backup}")
    # Before the lock: its file stays, and the folder made for it, but a backup that is refused must leave nothing behind.
    with translated(f"cannot restore {backup}", StoreRefused), closing(open_to_read(backup)) as source:
        if not look_through(source, backup).sessions:
            raise StoreRefused(f"{backup} holds no session")
    with locked(path) as real, translated(f"cannot restore {backup}", StoreRefused):
        if real.exists() and backup.samefile(real):
            raise StoreRefused(f"{backup} is the store itself; make a backup of it with trio-agent backup")
        if not replace:
            _require_empty(real)
        with unfinished(real) as fresh:
            fresh.unlink()
            make(fresh)
            contents = _copy(backup, fresh)
            if blobs is not None:
                # Before the messages that refer to them are the store.
                contents = replaced(contents, blobs=_put(backup, FileBlobs(blobs)))
            moved_to = _set_aside(real)
            fresh.replace(real)
            sync_folder(real.parent)
    return Restored(contents, moved_to)


def _put(backup: Path, blobs: FileBlobs) -> int:
    with closing(open_to_read(backup)) as source:
        return len([blobs.write(data) for data in blobs_in(source)])


def _require_empty(path: Path) -> None:
    if path.exists():
        with closing(open_to_read(path, oldest=1)) as connection:
            count = connection.execute("SELECT count(*) FROM session").get
        if count:
            raise StoreRefused(f"{path} holds {count} sessions; give --replace to move it aside")


def _copy(backup: Path, fresh: Path) -> Contents:
    messages = 0
    with closing(open_to_read(backup)) as source, closing(apsw.Connection(str(fresh))) as target:
        records = records_of(source)
        # Not durable step by step: the commit is, and nothing has the store's name before it.
        target.execute("BEGIN")
        for record in records:
            log = log_id(secrets.token_bytes(LOG_ID_ENTROPY_BYTES))
            renamed = msgspec.structs.replace(record, log=log)
            target.execute(sqlite_rows.UPSERT_SESSION, sqlite_rows.session_row(renamed))
            for entry in entries_of(source, record.log):
                row = sqlite_rows.message_row(msgspec.structs.replace(entry, log=log))
                target.execute(sqlite_rows.INSERT_MESSAGE, row)
                messages += 1
        target.execute("COMMIT")
    return Contents(len(records), messages)


def _set_aside(path: Path) -> Path | None:
    """Give the store at `path` a second name, under which it is whole; None where there is none.

    No WAL may stay: SQLite would play it into whatever file has the name next.
    """
    aside = path.with_name(f"{path.name}.before-{datetime.now(UTC):%Y%m%dT%H%M%S.%f}")
    there = path.exists()
    if there:
        _fold(path)
        # A second name and not another one: whenever this process may end, there is a store under the first.
        os.link(path, aside)
    wal = Path(f"{path}-wal")
    if wal.exists():
        wal.rename(f"{aside}-wal")
    Path(f"{path}-shm").unlink(missing_ok=True)  # an index of the WAL, which SQLite makes again where it needs it
    return aside if there else None


def _fold(path: Path) -> None:
    """Bring all that is in the WAL into the file. Leaves what is damaged as it is, which may be why it is replaced."""
    try:
        with closing(open_to_write(path)) as connection:
            # Needs the file for itself: an export that reads it meanwhile would go on with the WAL of another file.
            connection.execute("PRAGMA journal_mode = DELETE")
    except apsw.BusyError as exc:
        raise StoreRefused(f"another program is reading {path}; try again when it has ended") from exc
    except (apsw.Error, UnicodeDecodeError, StoreRefused):
        return
