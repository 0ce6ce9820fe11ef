"""The file that messages are found by: which words stand in which message, and how far each log has been taken in.

It holds nothing that the store has not, so it is in nobody's way: it is written after the store, by a connection of its own,
and where it is damaged, of another version, or does not fit the store, it is made anew. It keeps words, not texts; what was
found is read from the store.
"""

from __future__ import annotations

import os
from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

import apsw
import msgspec

from trio_agent.core.message import Message
from trio_agent.core.search import Query, text_of, words_of
from trio_agent.seams import Entry

INDEX_SUFFIX = ".search"
"""After the store's own name."""

VERSION = 1
APPLICATION_ID = 0x74726973  # "tris" in ASCII

# `ascii` takes a word as it is given: all folding is that of core/search.py, the same for what is kept and what is looked for.
_SCHEMA = """
CREATE TABLE taken (log TEXT PRIMARY KEY, count INTEGER NOT NULL, tag TEXT NOT NULL) STRICT;
CREATE TABLE place (id INTEGER PRIMARY KEY, log TEXT NOT NULL, idx INTEGER NOT NULL) STRICT;
CREATE INDEX place_log ON place (log);
CREATE VIRTUAL TABLE word USING fts5 (words, content='', contentless_delete=1, tokenize='ascii');
"""
_FIND = """
SELECT place.log, place.idx FROM word JOIN place ON place.id = word.rowid
WHERE word MATCH ?1 AND place.log IN (SELECT value FROM json_each(?2)) ORDER BY word.rowid DESC LIMIT ?3
"""


class SearchIndex:
    """An open index, for one thread at a time. Its methods raise apsw.Error."""

    def __init__(self, path: Path) -> None:
        """The index at `path`; one that cannot be used is replaced by an empty one."""
        try:
            self._connection = _opened(path)
        except (apsw.CorruptError, apsw.NotADBError, _NotOurs):
            remove_index(path)
            self._connection = _opened(path)

    def close(self) -> None:
        self._connection.close()

    def taken(self) -> dict[str, tuple[int, str]]:
        """How many messages of each log are in, and the tag after the last of them."""
        rows = self._connection.execute("SELECT log, count, tag FROM taken")
        return {log: (count, tag) for log, count, tag in rows}

    def take(self, entries: Sequence[Entry]) -> None:
        """Take in the next messages of one log, all or none."""
        with self._transaction():
            for entry in entries:
                words = " ".join(words_of(_text_of(entry)))
                self._connection.execute("INSERT INTO place (log, idx) VALUES (?, ?)", (entry.log, entry.index))
                row = (self._connection.last_insert_rowid(), words)
                self._connection.execute("INSERT INTO word (rowid, words) VALUES (?, ?)", row)
            last = entries[-1]
            self._connection.execute("REPLACE INTO taken VALUES (?, ?, ?)", (last.log, last.index + 1, last.tag))

    def forget(self, log: str) -> None:
        """Let go of all that is known of a log."""
        with self._transaction():
            self._connection.execute("DELETE FROM word WHERE rowid IN (SELECT id FROM place WHERE log = ?)", (log,))
            self._connection.execute("DELETE FROM place WHERE log = ?", (log,))
            self._connection.execute("DELETE FROM taken WHERE log = ?", (log,))

    def find(self, query: Query, logs: Collection[str], limit: int) -> list[tuple[str, int]]:
        """The messages of `logs` that have all that is looked for, as log and index; those taken in last come first."""
        values = (expression(query), msgspec.json.encode(list(logs)).decode(), limit)
        return [(log, index) for log, index in self._connection.execute(_FIND, values)]

    @contextmanager
    def _transaction(self) -> Iterator[None]:
        self._connection.execute("BEGIN IMMEDIATE")
        try:
            yield
            self._connection.execute("COMMIT")
        finally:
            if self._connection.in_transaction:
                self._connection.execute("ROLLBACK")


class _NotOurs(Exception):
    """What stands there is no index of this version."""


def remove_index(path: Path) -> None:
    """Delete the index at `path`, if there is one; the store can make it again. Raises OSError."""
    for each in (path, Path(f"{path}-wal"), Path(f"{path}-shm")):
        each.unlink(missing_ok=True)


def expression(query: Query) -> str:
    """The query in FTS5's own language. Source: https://www.sqlite.org/fts5.html § 3. Every word stands in quotes."""
    runs = (" ".join(run).replace("\0", "").replace('"', '""') for run in query.runs)
    return " AND ".join(f'"{run}" *' for run in runs)


def _opened(path: Path) -> apsw.Connection:
    fresh = not path.exists()
    # By ourselves: SQLite's new files are as open as the umask lets them be.
    os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600))
    connection = apsw.Connection(str(path), flags=apsw.SQLITE_OPEN_READWRITE)
    try:
        # Whole after power loss, if not up to date: what is lost is taken in again.
        connection.execute("PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL")
        if fresh:
            connection.execute(f"BEGIN; {_SCHEMA} PRAGMA application_id = {APPLICATION_ID}")
            connection.execute(f"PRAGMA user_version = {VERSION}; COMMIT")
        elif connection.pragma("application_id") != APPLICATION_ID or connection.pragma("user_version") != VERSION:
            raise _NotOurs
    except BaseException:
        with suppress(apsw.Error):
            connection.close()
        raise
    return connection


def _text_of(entry: Entry) -> str:
    try:
        return text_of(msgspec.json.decode(entry.wire, type=Message))
    except msgspec.DecodeError:
        # Of a newer version; opening the session says so.
        return ""
