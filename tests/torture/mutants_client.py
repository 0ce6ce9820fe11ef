"""Seeded bugs of clients, and of what both ends must agree on."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from types import SimpleNamespace
from typing import Any
from weakref import WeakKeyDictionary

import msgspec
import trio

from tests.torture.mutants import Mutant
from trio_agent.client.connection import Connection
from trio_agent.client.events import Event, MessageArrived, Reset
from trio_agent.client.replica import Replica
from trio_agent.core.message import Message
from trio_agent.core.sse import Event as Frame
from trio_agent.core.sse import Parser
from trio_agent.core.state import State

REPLICA = "trio_agent.client.stream.Replica"
CODEC = "trio_agent.client.stream.sse"
_encoder = msgspec.json.Encoder()


class TakesTheStatesCursor(Replica):
    def _message(self, message: Message, cursor: str) -> Iterator[Event]:
        before = self.cursor
        yield from super()._message(message, cursor)
        self.cursor = before

    def _state(self, state: State) -> Iterator[Event]:
        self.cursor = state.cursor
        return super()._state(state)


class AppliesDuplicates(Replica):
    def _message(self, message: Message, cursor: str) -> Iterator[Event]:
        if message.idx < self.count:
            yield MessageArrived(message, cursor)
        else:
            yield from super()._message(message, cursor)


class ResetsWithoutDropping(Replica):
    def _restart(self, reset: Any, cursor: str) -> Reset:
        count = self.count
        told = super()._restart(reset, cursor)
        self.count = count
        return told


class ForgivesOnOpen(Connection):
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

CLIENT = (
    Mutant(
        "split UTF-8",
        "sends UTF-8, and decodes each chunk by itself",
        (*UNESCAPED, (CODEC, SimpleNamespace(Parser=DecodesEachChunk))),
    ),
    Mutant(
        "line ends that are none",
        "sends U+2028 as it is, and ends a line at it",
        (*UNESCAPED, (CODEC, SimpleNamespace(Parser=SplitsAtEveryLineEnd))),
    ),
    Mutant(
        "half an event kept",
        "reads a new connection with what the old one left in the parser",
        ((CODEC, SimpleNamespace(Parser=same_parser)),),
    ),
    Mutant("cursor taken from the State", "resumes from what the State says", ((REPLICA, TakesTheStatesCursor),)),
    Mutant("duplicate applied", "shows a message that is there already", ((REPLICA, AppliesDuplicates),)),
    Mutant(
        "reset without dropping",
        "keeps its count when it is told to drop everything",
        ((REPLICA, ResetsWithoutDropping),),
    ),
    Mutant(
        "backoff reset on open",
        "forgets its failures as soon as a connection opens",
        (("trio_agent.client.stream.Connection", ForgivesOnOpen),),
    ),
    Mutant(
        "silence not noticed",
        "waits for ever for a connection that is dead",
        (("trio_agent.client.stream.SILENT_BEATS", float("inf")),),
    ),
)
