"""Entries and records for tests of the stores."""

from __future__ import annotations

from collections.abc import Sequence

from trio_agent.core.cursor import FIRST_TAG, next_tag
from trio_agent.seams import Entry, SessionRecord

LOG = "abcdefgh234567ab"
OTHER_LOG = "zzzzzzzz234567zz"


def entries(count: int, *, log: str = LOG, begin: int = 0, size: int = 10) -> list[Entry]:
    """`count` entries of `log` from index `begin` on, each of about `size` bytes; chained as a log chains them."""
    wires = [b'{"content":"%d %b"}' % (index, b"." * size) for index in range(begin + count)]
    return chained(wires, log=log)[begin:]


def chained(wires: Sequence[bytes], *, log: str = LOG) -> list[Entry]:
    """A log of the messages `wires`, from its beginning."""
    made: list[Entry] = []
    tag = FIRST_TAG
    for index, wire in enumerate(wires):
        tag = next_tag(tag, wire)
        made.append(Entry(log, index, wire, tag))
    return made


def record(session_id: str, *, log: str = LOG, created: str = "2026-11-23T00:00:00.000000Z") -> SessionRecord:
    return SessionRecord(session_id=session_id, log=log, created=created, project="/srv/project")
