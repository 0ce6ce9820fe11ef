"""A log that was recorded, read from the JSON Lines that `export` writes: a store that only gives out.

Its messages stand in memory as they will stand on the wire. They are the same whichever log is asked for, for a tag is made of
content alone: a log made anew from the same messages needs no copy of them.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import BinaryIO

import msgspec
import trio

from trio_agent.core.cursor import FIRST_TAG, next_tag
from trio_agent.core.errors import InvalidContent, StoreRefused
from trio_agent.core.message import Message, MessageType
from trio_agent.core.wire import encode_json
from trio_agent.seams import Entry, SessionRecord

MAX_LINE_BYTES = 32 * 1024 * 1024
"""Half of what a client takes as one event."""


class _Head(msgspec.Struct, frozen=True):
    """What no message is without: JSON that lacks these is something else's."""

    type: MessageType
    idx: int
    timestamp: str


class Recording:
    """Store of one log's messages. `times` are seconds since the epoch, one a message, and never go back."""

    def __init__(self, name: str) -> None:
        """`name` says in errors where the messages come from."""
        self.times: list[float] = []
        self._name = name
        self._wires: list[bytes] = []
        self._tags: list[str] = [FIRST_TAG]

    @property
    def count(self) -> int:
        return len(self._wires)

    def add(self, line: bytes) -> None:
        """Take the next message. Raises InvalidContent, which names the line, where `line` is not that."""
        number = self.count + 1
        try:
            head, message = msgspec.json.decode(line, type=_Head), msgspec.json.decode(line, type=Message)
            wire = encode_json(message)
        except msgspec.ValidationError as exc:
            raise InvalidContent(f"{self._name}, line {number}: not a message of trio-agent: {exc}") from exc
        except (msgspec.DecodeError, UnicodeError, RecursionError) as exc:
            raise InvalidContent(f"{self._name}, line {number}: not JSON: {exc}") from exc
        if head.idx != self.count:
            raise InvalidContent(f"{self._name}, line {number}: message {head.idx} stands where {self.count} is due")
        self.times.append(_seconds(message.timestamp, self.times[-1] if self.times else 0.0))
        self._wires.append(wire)
        self._tags.append(next_tag(self._tags[-1], wire))

    def size(self, index: int) -> int:
        """Bytes of a message on the wire."""
        return len(self._wires[index])

    def entries(self, log: str, start: int, stop: int) -> list[Entry]:
        """`read` without a checkpoint."""
        stop = min(stop, self.count)
        return [Entry(log, index, self._wires[index], self._tags[index + 1]) for index in range(start, stop)]

    async def append(self, entries: Sequence[Entry]) -> None:
        await trio.lowlevel.checkpoint()
        raise StoreRefused("a recording takes no messages")

    async def read(self, log: str, start: int, stop: int) -> list[Entry]:
        await trio.lowlevel.checkpoint()
        return self.entries(log, start, stop)

    async def sessions(self) -> list[SessionRecord]:
        await trio.lowlevel.checkpoint()
        return []

    async def save(self, record: SessionRecord) -> None:
        await trio.lowlevel.checkpoint()
        raise StoreRefused("a recording keeps no sessions")


def read_recording(name: str, file: BinaryIO) -> Recording:
    """The log in `file`, which `name` stands for in errors. Raises InvalidContent where it is none, OSError."""
    recording = Recording(name)
    while line := file.readline(MAX_LINE_BYTES + 1):
        if len(line) > MAX_LINE_BYTES:
            raise InvalidContent(f"{name}, line {recording.count + 1}: longer than {MAX_LINE_BYTES} bytes")
        recording.add(line)
    if not recording.count:
        raise InvalidContent(f"{name} is empty: there is nothing to replay")
    return recording


def _seconds(timestamp: str, before: float) -> float:
    """When a message was recorded, but not earlier than the one `before`; the same time where it does not say."""
    try:
        moment = datetime.fromisoformat(timestamp)
        return max(before, (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp())
    except (ValueError, OverflowError):
        return before
