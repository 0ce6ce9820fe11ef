"""Seeded bugs of clients, and of what both ends must agree on."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from types import SimpleNamespace
from typing import Any
from weakref import WeakKeyDictionary

import msgspec
import trio

from tests.torture.mutants import Mutant, seeded
from tests.torture.oracle import Kind
from trio_agent.client.connection import Connection
from trio_agent.client.events import Event, MessageArrived, Reset
from trio_agent.client.replica import Replica
from trio_agent.core.message import Message
from trio_agent.core.sse import Event as Frame
from trio_agent.core.sse import Parser
from trio_agent.core.state import State

REPLICA = "trio_agent.client.stream.Replica"
CONNECTION = "trio_agent.client.stream.Connection"
CODEC = "trio_agent.client.stream.sse"
CLIENT: list[Mutant] = []
_encoder = msgspec.json.Encoder()


@seeded(CLIENT, "cursor taken from the State", REPLICA, "resumed from elsewhere")
class TakesTheStatesCursor(Replica):
    """Resumes from what the State says."""

    def _message(self, message: Message, cursor: str) -> Iterator[Event]:
        before = self.cursor
        yield from super()._message(message, cursor)
        self.cursor = before

    def _state(self, state: State) -> Iterator[Event]:
        self.cursor = state.cursor
        return super()._state(state)


@seeded(CLIENT, "duplicate applied", REPLICA, "duplicate on screen")
class AppliesDuplicates(Replica):
    """Shows a message that is there already."""

    def _message(self, message: Message, cursor: str) -> Iterator[Event]:
        if message.idx < self.count:
            yield MessageArrived(message, cursor)
        else:
            yield from super()._message(message, cursor)


@seeded(CLIENT, "reset without dropping", REPLICA, "loss")
class ResetsWithoutDropping(Replica):
    """Keeps its count when it is told to drop everything."""

    def _restart(self, reset: Any, cursor: str) -> Reset:
        count = self.count
        told = super()._restart(reset, cursor)
        self.count = count
        return told


@seeded(CLIENT, "backoff reset on open", CONNECTION, "storm")
class ForgivesOnOpen(Connection):
    """Forgets its failures as soon as a connection opens."""

    def take(self, *args: Any, **options: Any) -> Connection:
        after = super().take(*args, **options)
        return replace(after, attempt=0) if after.state == "open" else after


class DecodesEachChunk(Parser):
    def feed(self, chunk: bytes) -> list[Frame]:
        return super().feed(chunk.decode("utf-8", "replace").encode())


class SplitsAtEveryLineEnd(Parser):
    def feed(self, chunk: bytes) -> list[Frame]:
        for line_end in ("\u2028", "\u2029", "\u0085"):
            chunk = chunk.replace(line_end.encode(), b"\n")
        return super().feed(chunk)


_parsers: WeakKeyDictionary[trio.lowlevel.Task, Parser] = WeakKeyDictionary()


def same_parser() -> Parser:
    return _parsers.setdefault(trio.lowlevel.current_task(), Parser())


def json_as_it_is(value: Any) -> bytes:
    return _encoder.encode(value)


def event_as_it_is(event: str, data: bytes, id: str | None = None) -> bytes:
    lines = [b"event: " + event.encode(), *([] if id is None else [b"id: " + id.encode()]), b"data: " + data]
    return b"\n".join(lines) + b"\n\n"


UNESCAPED = (
    ("trio_agent.runtime.log.encode_json", json_as_it_is),
    ("trio_agent.runtime.log.encode_event", event_as_it_is),
    ("trio_agent.runtime.live.encode_json", json_as_it_is),
    ("trio_agent.runtime.live.encode_event", event_as_it_is),
)


def _of_the_codec(name: str, what: str, breaks: Kind, parser: object, *more: tuple[str, object]) -> Mutant:
    return Mutant(name, what, breaks, ((CODEC, SimpleNamespace(Parser=parser)), *more))


CLIENT += [
    _of_the_codec(
        "split UTF-8",
        "Sends UTF-8, and decodes each chunk by itself.",
        "differing content",
        DecodesEachChunk,
        *UNESCAPED,
    ),
    _of_the_codec(
        "line ends that are none",
        "Sends U+2028 as it is, and ends a line at it.",
        "loss",
        SplitsAtEveryLineEnd,
        *UNESCAPED,
    ),
    _of_the_codec(
        "half an event kept", "Reads on a new connection what the old one left in the parser.", "given up", same_parser
    ),
    Mutant(
        "silence not noticed",
        "Waits for ever for a connection that is dead.",
        "silence unnoticed",
        (("trio_agent.client.stream.SILENT_BEATS", float("inf")),),
    ),
]
