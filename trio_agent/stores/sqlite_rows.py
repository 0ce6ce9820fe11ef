"""The rows of a store file, and the seal on each: what a disk changed is never taken for what was written.

SQLite notices a page that cannot be, but not a letter that became another. A seal is the CRC-32 of all else in its row: it
finds every change of up to 32 bits in a row, and lets one of 4 thousand million larger ones pass. It guards against disks,
not against people; the chain of tags is there for content, and no secret is involved in either.
"""

from __future__ import annotations

import zlib
from collections.abc import Sequence
from typing import Any

import msgspec

from trio_agent.core.errors import StoreRefused
from trio_agent.seams import Entry, SessionRecord

INSERT_MESSAGE = "INSERT INTO message (log, idx, wire, tag, key, digest, seal) VALUES (?, ?, ?, ?, ?, ?, ?)"
SELECT_MESSAGES = """
SELECT log, idx, wire, tag, key, digest, seal FROM message WHERE log = ? AND idx >= ? AND idx < ? ORDER BY idx
"""
UPSERT_SESSION = """
INSERT INTO session (session_id, created, log, record, seal) VALUES (?1, ?2, ?3, ?4, ?5)
ON CONFLICT (session_id) DO UPDATE SET created = ?2, log = ?3, record = ?4, seal = ?5
"""
# Not by `created`: a clock that was set back would make an old session the newest.
SELECT_SESSIONS = "SELECT session_id, created, log, record, seal FROM session ORDER BY rowid DESC"


def message_row(entry: Entry) -> tuple[Any, ...]:
    columns = (entry.log, entry.index, entry.wire, entry.tag, entry.key, entry.digest)
    return (*columns, seal_of(*columns))


def entry_of(row: Sequence[Any]) -> Entry:
    """Raises StoreRefused where it is not what was written."""
    *columns, seal = row
    if seal != seal_of(*columns):
        raise StoreRefused(f"message {columns[1]} of log {columns[0]} is damaged; restore a backup")
    return Entry(*columns)


def session_row(record: SessionRecord) -> tuple[Any, ...]:
    columns = (record.session_id, record.created, record.log, msgspec.json.encode(record))
    return (*columns, seal_of(*columns))


def record_of(row: Sequence[Any]) -> SessionRecord:
    """Raises StoreRefused where it is not what was written."""
    *columns, seal = row
    if seal != seal_of(*columns):
        raise StoreRefused(f"the record of session {columns[0]} is damaged; restore a backup")
    try:
        return msgspec.json.decode(columns[3], type=SessionRecord)
    except msgspec.DecodeError as exc:
        raise StoreRefused(f"the record of session {columns[0]} cannot be read ({exc}); upgrade trio-agent") from exc


def seal_of(*columns: object) -> int:
    """Over values of any type: damage changes types too."""
    seal = 0
    for column in columns:
        data = column if isinstance(column, bytes) else str(column).encode("utf-8", "surrogatepass")
        # The length stands between two columns, or a border that moved would not be noticed.
        seal = zlib.crc32(b"%d:" % len(data), zlib.crc32(data, seal))
    return seal
