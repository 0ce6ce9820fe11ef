"""A log that begins as another did: copied within the store, in the transaction of its caller."""

from __future__ import annotations

import apsw

from trio_agent.core.errors import StoreRefused
from trio_agent.seams import SessionRecord
from trio_agent.stores import sqlite_rows
from trio_agent.stores.sqlite_rows import seal_of

_DAMAGED = """
SELECT count(*), count(*) FILTER (WHERE seal <> seal_of(log, idx, wire, tag, key, digest)) FROM message
WHERE log = ?1 AND idx < ?2
"""
# Tags chain content, and the content is the same; keys are not copied: what is posted to the fork is posted anew.
_COPY = """
INSERT INTO message (log, idx, wire, tag, key, digest, seal)
SELECT ?3, idx, wire, tag, '', '', seal_of(?3, idx, wire, tag, '', '') FROM message WHERE log = ?1 AND idx < ?2
ORDER BY idx
"""


def copy_log(connection: apsw.Connection, record: SessionRecord, log: str, count: int) -> None:
    """Make `record`, and its log of the first `count` messages of `log`. Raises StoreRefused where these are not whole."""
    connection.create_scalar_function("seal_of", seal_of)
    ((there, damaged),) = connection.execute(_DAMAGED, (log, count))
    if there != count or damaged:
        raise StoreRefused(f"log {log} is damaged or has no {count} messages; restore a backup")
    connection.execute(_COPY, (log, count, record.log))
    connection.execute(sqlite_rows.UPSERT_SESSION, sqlite_rows.session_row(record))
