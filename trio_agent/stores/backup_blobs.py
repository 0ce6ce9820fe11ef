"""The blobs in a backup: a table beside those of the store, so that a backup stays one file.

A store has none: there, blobs are files, which a stream of large results would otherwise have SQLite write twice.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator

import apsw

from trio_agent.core.errors import NotFound, StoreRefused
from trio_agent.stores.blobs import FileBlobs

_TABLE = "CREATE TABLE blob (id TEXT PRIMARY KEY, data BLOB NOT NULL) STRICT"


def take_along(connection: apsw.Connection, named: Iterable[str], blobs: FileBlobs) -> None:
    """Put those of `named` that are whole into the backup. One that is not is no loss of the backup's. Raises StoreError."""
    connection.execute(f"BEGIN; {_TABLE}")
    for name in sorted(named):
        try:
            data = blobs.read(name)
        except NotFound:
            continue
        if hashlib.sha256(data).hexdigest() == name:
            connection.execute("INSERT INTO blob (id, data) VALUES (?, ?)", (name, data))
    connection.execute("COMMIT")


def blobs_in(connection: apsw.Connection) -> Iterator[bytes]:
    """The blobs of a backup; none of a store, or of an older backup. Raises StoreRefused for one that is damaged."""
    if not connection.execute("SELECT 1 FROM sqlite_schema WHERE name = 'blob'").get:
        return
    for name, data in connection.execute("SELECT id, data FROM blob"):
        if not isinstance(data, bytes) or hashlib.sha256(data).hexdigest() != name:
            raise StoreRefused(f"blob {name} of the backup is damaged")
        yield data
