"""Seeded bugs of reading: how a stream begins, what it is sent, when, and what it is told beside."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any
from weakref import WeakKeyDictionary

import trio

from tests.torture.mutants import Mutant
from trio_agent.core.cursor import Cursor, start_of
from trio_agent.core.sse import encode_event
from trio_agent.runtime.follower import Follower
from trio_agent.runtime.log import EventLog, ResetReason
from trio_agent.runtime.session import Session
from trio_agent.runtime.signal import Signal
from trio_agent.seams import Entry
from trio_agent.web.stream import open_stream

LOG = "trio_agent.runtime.log.EventLog"
FOLLOWER = "trio_agent.web.stream.Follower"
STREAM = "trio_agent.web.stream.open_stream"

Chunks = trio.MemoryReceiveChannel[bytes]
Where = tuple[Cursor, ResetReason | None]


class SubscribesAfterReading(Follower):
    _subscribed = False

    async def __anext__(self) -> bytes:
        if not self._subscribed and self._state_version >= 0 and self.cursor == self._session.log.cursor:
            self._subscribed = True
            await trio.sleep(0.01)
            self.cursor = self._session.log.cursor
        return await super().__anext__()


class ReadsAfterSubscribing(Follower):
    def __init__(self, *args: Any) -> None:
        super().__init__(*args)
        self._subscribed: Cursor | None = self._session.log.cursor

    async def __anext__(self) -> bytes:
        chunk = await super().__anext__()
        since = self._subscribed
        if since is not None and self.cursor == self._session.log.cursor:
            self._subscribed = None
            if self.cursor.index > since.index:
                self.cursor = since
        return chunk


class DropsWhenSlow(Follower):
    _queue_size = 6

    async def __anext__(self) -> bytes:
        end = self._session.log.cursor
        if self._state_index > 0 and end.index - self.cursor.index > self._queue_size:
            self.cursor = end
        return await super().__anext__()


class StateFirst(Follower):
    async def __anext__(self) -> bytes:
        messages, name, state = (await super().__anext__()).rpartition(b"event: state\n")
        return name + state + messages


class StateOfTheLog(Follower):
    def _state_frame(self) -> bytes:
        super()._state_frame()
        return encode_event("state", self._session.state_json(self._session.log.cursor))


class EdgeTriggered(Signal):
    async def wait_past(self, version: int) -> None:
        await trio.sleep(0.002)
        await self._changed.wait()


class Clamps(EventLog):
    async def resume(self, cursor: Cursor | None) -> Where:
        return await self.locate(min(cursor.index if cursor else 0, self.cursor.index)), None


class IgnoresTags(EventLog):
    async def resume(self, cursor: Cursor | None) -> Where:
        if cursor is not None and cursor.log == self.cursor.log and cursor.index <= self.cursor.index:
            return await self.locate(cursor.index), None
        return await super().resume(cursor)


class SaysNothingOfAhead(EventLog):
    async def resume(self, cursor: Cursor | None) -> Where:
        start, reason = await super().resume(cursor)
        return start, None if reason == "ahead" else reason


class TakesUnknownForCaughtUp(EventLog):
    async def resume(self, cursor: Cursor | None) -> Where:
        start, reason = await super().resume(cursor)
        return (start, None) if reason is None else (self.cursor, None)


class IgnoresCursors(EventLog):
    async def resume(self, cursor: Cursor | None) -> Where:
        await trio.lowlevel.checkpoint()
        return start_of(self.cursor.log), None


class LosesTheRemainder(EventLog):
    async def frames_after(self, cursor: Cursor) -> tuple[bytes, Cursor]:
        frames, _ = await super().frames_after(cursor)
        return frames, self.cursor


class SharesAStaleBatch(EventLog):
    def _join_tail(self, begin: int) -> tuple[bytes, Cursor]:
        start, _, joined = self._joined
        if joined and start == self._tail_starts[begin].index:
            return joined, self.cursor
        return super()._join_tail(begin)


class RewritesOnReplay(EventLog):
    async def frames_after(self, cursor: Cursor) -> tuple[bytes, Cursor]:
        frames, after = await super().frames_after(cursor)
        if self._tail_starts and cursor.index < self._tail_starts[0].index:
            frames = frames.replace(b'"timestamp":"2', b'"timestamp":"3')
        return frames, after


def frame_with_the_cursor_before_it(entry: Entry) -> bytes:
    return encode_event("message", entry.wire, str(Cursor(entry.log, entry.index, entry.tag)))


class _Passing:
    """Chunks on their way, for those who meddle with them."""

    def __init__(self, chunks: Chunks, beat_s: float) -> None:
        self.chunks = chunks
        self.beat_s = beat_s
        self.due = trio.current_time() + beat_s
        self.sent_at = trio.current_time()

    def __aiter__(self) -> _Passing:
        return self

    async def __anext__(self) -> bytes:
        return await self.chunks.__anext__()


class _BeatsBetweenWrites(_Passing):
    async def __anext__(self) -> bytes:
        while (chunk := await super().__anext__()).startswith(b"event: heartbeat"):
            pass
        if trio.current_time() >= self.due:
            self.due = trio.current_time() + self.beat_s
            chunk += encode_event("heartbeat", b"1")
        return chunk


class _BeatsWhenIdle(_Passing):
    async def __anext__(self) -> bytes:
        while True:
            chunk = await super().__anext__()
            if not chunk.startswith(b"event: heartbeat"):
                self.sent_at = trio.current_time()
            elif trio.current_time() - self.sent_at < self.beat_s:
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


@asynccontextmanager
async def beats_between_writes(*args: Any, **options: Any) -> AsyncIterator[_Passing]:
    async with open_stream(*args, **options) as chunks:
        yield _BeatsBetweenWrites(chunks, options["heartbeat_s"])


@asynccontextmanager
async def beats_when_idle(*args: Any, **options: Any) -> AsyncIterator[_Passing]:
    async with open_stream(*args, **options) as chunks:
        yield _BeatsWhenIdle(chunks, options["heartbeat_s"])


_locks: WeakKeyDictionary[Session, trio.Lock] = WeakKeyDictionary()


@asynccontextmanager
async def sends_under_one_lock(session: Session, *args: Any, **options: Any) -> AsyncIterator[_Passing]:
    async with open_stream(session, *args, **options) as chunks:
        passing = _UnderOneLock(chunks, options["heartbeat_s"])
        passing.lock = _locks.setdefault(session, trio.Lock())
        try:
            yield passing
        finally:
            passing.let_go()


def no_bye(reason: str, retry: int) -> bytes:
    return b": nothing to say\n\n"


READING = (
    Mutant(
        "subscribe after read",
        "reads history, then listens: nobody hears what comes between",
        ((FOLLOWER, SubscribesAfterReading),),
    ),
    Mutant(
        "read after subscribe",
        "listens, then reads history, and sends by both ways what came meanwhile",
        ((FOLLOWER, ReadsAfterSubscribing),),
    ),
    Mutant(
        "lost wake-up",
        "waits for the next change without a look at whether it has come already",
        (("trio_agent.runtime.hall.Signal", EdgeTriggered),),
    ),
    Mutant(
        "clamp without identity", "takes any cursor for a number, and clamps it to the end of the log", ((LOG, Clamps),)
    ),
    Mutant(
        "tag ignored", "looks at a cursor's log and number, not at what it was the cursor of", ((LOG, IgnoresTags),)
    ),
    Mutant(
        "reset not sent when ahead", "starts again from the beginning and tells nobody", ((LOG, SaysNothingOfAhead),)
    ),
    Mutant(
        "unknown taken for caught up",
        "begins at the end for a cursor it does not know",
        ((LOG, TakesUnknownForCaughtUp),),
    ),
    Mutant(
        "Last-Event-ID ignored", "sends everything from the beginning to whoever comes back", ((LOG, IgnoresCursors),)
    ),
    Mutant("state first", "sends the State before the messages that it counts", ((FOLLOWER, StateFirst),)),
    Mutant(
        "state of the log's end",
        "counts in the State what the log has, not what was sent",
        ((FOLLOWER, StateOfTheLog),),
    ),
    Mutant("drop when slow", "has a queue for each reader, and drops what does not fit", ((FOLLOWER, DropsWhenSlow),)),
    Mutant(
        "slow reader holds up others",
        "holds one lock for all readers while it sends to one",
        ((STREAM, sends_under_one_lock),),
    ),
    Mutant(
        "chunk limit loses the remainder",
        "moves the cursor to the end though the chunk was full before",
        ((LOG, LosesTheRemainder),),
    ),
    Mutant(
        "stale batch shared",
        "hands out the joined bytes of the batch before, as if they reached to the end",
        ((LOG, SharesAStaleBatch),),
    ),
    Mutant("replay rewrites", "makes a message anew when it is read back, in other bytes", ((LOG, RewritesOnReplay),)),
    Mutant(
        "cursor before the message",
        "gives a message the cursor of the place before it",
        (("trio_agent.runtime.log._frame", frame_with_the_cursor_before_it),),
    ),
    Mutant(
        "heartbeat in the write loop", "looks at the clock between two writes only", ((STREAM, beats_between_writes),)
    ),
    Mutant(
        "heartbeat reset by traffic", "sends a heartbeat only where nothing else was sent", ((STREAM, beats_when_idle),)
    ),
    Mutant("bye lost", "ends its streams without a goodbye", (("trio_agent.web.stream._bye", no_bye),)),
)
