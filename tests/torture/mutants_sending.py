"""Seeded bugs of sending: who waits for whom, and what is said beside the messages."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any
from weakref import WeakKeyDictionary

import trio

from tests.torture.mutants import Mutant, seeded
from trio_agent.core.sse import encode_event
from trio_agent.runtime.session import Session
from trio_agent.web.stream import open_stream

STREAM = "trio_agent.web.stream.open_stream"
BEAT = b"event: heartbeat"
SENDING: list[Mutant] = []

_locks: WeakKeyDictionary[Session, trio.Lock] = WeakKeyDictionary()


class _Passing:
    """The chunks of one stream on their way, for those who meddle with them."""

    def __init__(self, chunks: trio.MemoryReceiveChannel[bytes], beat_s: float) -> None:
        self._chunks = chunks
        self._beat_s = beat_s
        self._begun = trio.current_time()

    def __aiter__(self) -> _Passing:
        return self

    async def __anext__(self) -> bytes:
        return await self._chunks.__anext__()


class _BeatsBetweenWrites(_Passing):
    async def __anext__(self) -> bytes:
        while (chunk := await super().__anext__()).startswith(BEAT):
            pass
        if trio.current_time() >= self._begun + self._beat_s:
            self._begun = trio.current_time()
            chunk += encode_event("heartbeat", b"1")
        return chunk


class _BeatsWhenIdle(_Passing):
    async def __anext__(self) -> bytes:
        while True:
            chunk = await super().__anext__()
            if not chunk.startswith(BEAT):
                self._begun = trio.current_time()
            elif trio.current_time() - self._begun < self._beat_s:
                continue
            return chunk


class _UnderOneLock(_Passing):
    lock: trio.Lock
    holds = False

    async def __anext__(self) -> bytes:
        self.let_go()
        chunk = await super().__anext__()
        await self.lock.acquire()
        self.holds = True
        return chunk

    def let_go(self) -> None:
        if self.holds:
            self.holds = False
            self.lock.release()


@seeded(SENDING, "slow reader holds up others", STREAM, "late")
@asynccontextmanager
async def sends_under_one_lock(session: Session, *args: Any, **options: Any) -> AsyncIterator[_Passing]:
    """Holds one lock for all readers while it sends to one."""
    async with open_stream(session, *args, **options) as chunks:
        passing = _UnderOneLock(chunks, options["heartbeat_s"])
        passing.lock = _locks.setdefault(session, trio.Lock())
        try:
            yield passing
        finally:
            passing.let_go()


@seeded(SENDING, "heartbeat in the write loop", STREAM, "heartbeat")
@asynccontextmanager
async def beats_between_writes(*args: Any, **options: Any) -> AsyncIterator[_Passing]:
    """Looks at the clock between two writes only."""
    async with open_stream(*args, **options) as chunks:
        yield _BeatsBetweenWrites(chunks, options["heartbeat_s"])


@seeded(SENDING, "heartbeat reset by traffic", STREAM, "heartbeat")
@asynccontextmanager
async def beats_when_idle(*args: Any, **options: Any) -> AsyncIterator[_Passing]:
    """Sends a heartbeat only where nothing else was sent."""
    async with open_stream(*args, **options) as chunks:
        yield _BeatsWhenIdle(chunks, options["heartbeat_s"])


@seeded(SENDING, "bye lost", "trio_agent.web.stream._bye", "no goodbye")
def no_bye(reason: str, retry: int) -> bytes:
    """Ends its streams without a goodbye."""
    return b": nothing to say\n\n"
