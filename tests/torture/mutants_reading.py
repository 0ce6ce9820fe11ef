"""Seeded bugs of reading: where a stream begins, and what of the log it is sent."""

from __future__ import annotations

from typing import Any

import trio

from tests.torture.mutants import Mutant, seeded
from trio_agent.core.cursor import Cursor, ResetReason, start_of
from trio_agent.core.sse import encode_event
from trio_agent.runtime.follower import Follower
from trio_agent.runtime.log import EventLog
from trio_agent.runtime.signal import Signal
from trio_agent.seams import Entry

LOG = "trio_agent.runtime.log.EventLog"
FOLLOWER = "trio_agent.web.stream.Follower"
READING: list[Mutant] = []

Where = tuple[Cursor, ResetReason | None]


@seeded(READING, "subscribe after read", FOLLOWER, "gap")
class SubscribesAfterReading(Follower):
    """Reads history, then listens: nobody hears what comes between."""

    _subscribed = False

    async def __anext__(self) -> bytes:
        if not self._subscribed and self._state_version >= 0 and self.cursor == self._session.log.cursor:
            self._subscribed = True
            await trio.sleep(0.01)
            self.cursor = self._session.log.cursor
        return await super().__anext__()


@seeded(READING, "read after subscribe", FOLLOWER, "sent twice")
class ReadsAfterSubscribing(Follower):
    """Listens, then reads history, and sends by both ways what came meanwhile."""

    def __init__(self, *args: Any, **asked: Any) -> None:
        super().__init__(*args, **asked)
        self._subscribed: Cursor | None = self._session.log.cursor

    async def __anext__(self) -> bytes:
        chunk = await super().__anext__()
        since = self._subscribed
        if since is not None and self.cursor == self._session.log.cursor:
            self._subscribed = None
            if self.cursor.index > since.index:
                self.cursor = since
        return chunk


@seeded(READING, "lost wake-up", "trio_agent.runtime.hall.Signal", "late")
class EdgeTriggered(Signal):
    """Waits for the next change without a look at whether it has come already."""

    async def wait_past(self, version: int) -> None:
        await trio.sleep(0.002)
        await self._changed.wait()


@seeded(READING, "drop when slow", FOLLOWER, "gap")
class DropsWhenSlow(Follower):
    """Has a queue for each reader, and drops what does not fit."""

    _queue_size = 6

    async def __anext__(self) -> bytes:
        end = self._session.log.cursor
        if self._state_index > 0 and end.index - self.cursor.index > self._queue_size:
            self.cursor = end
        return await super().__anext__()


@seeded(READING, "state first", FOLLOWER, "state ahead")
class StateFirst(Follower):
    """Sends the State before the messages that it counts."""

    async def __anext__(self) -> bytes:
        messages, name, state = (await super().__anext__()).rpartition(b"event: state\n")
        return name + state + messages


@seeded(READING, "state of the log's end", FOLLOWER, "state ahead")
class StateOfTheLog(Follower):
    """Counts in the State what the log has, not what was sent."""

    def _state_frame(self) -> bytes:
        super()._state_frame()
        return encode_event("state", self._session.state_json(self._session.log.cursor))


@seeded(READING, "clamp without identity", LOG, "wrong start")
class Clamps(EventLog):
    """Takes any cursor for a number, and clamps it to the end of the log."""

    async def resume(self, cursor: Cursor | None) -> Where:
        return await self.locate(min(cursor.index if cursor else 0, self.cursor.index)), None


@seeded(READING, "tag ignored", LOG, "fork")
class IgnoresTags(EventLog):
    """Looks at a cursor's log and number, not at what it was the cursor of."""

    async def resume(self, cursor: Cursor | None) -> Where:
        if cursor is not None and cursor.log == self.cursor.log and cursor.index <= self.cursor.index:
            return await self.locate(cursor.index), None
        return await super().resume(cursor)


@seeded(READING, "reset not sent when ahead", LOG, "wrong start")
class SaysNothingOfAhead(EventLog):
    """Starts again from the beginning and tells nobody."""

    async def resume(self, cursor: Cursor | None) -> Where:
        start, reason = await super().resume(cursor)
        return start, None if reason == "ahead" else reason


@seeded(READING, "unknown taken for caught up", LOG, "wrong start")
class TakesUnknownForCaughtUp(EventLog):
    """Begins at the end for a cursor that it does not know."""

    async def resume(self, cursor: Cursor | None) -> Where:
        start, reason = await super().resume(cursor)
        return (start, None) if reason is None else (self.cursor, None)


@seeded(READING, "Last-Event-ID ignored", LOG, "wrong start")
class IgnoresCursors(EventLog):
    """Sends everything from the beginning to whoever comes back."""

    async def resume(self, cursor: Cursor | None) -> Where:
        await trio.lowlevel.checkpoint()
        return start_of(self.cursor.log), None


@seeded(READING, "chunk limit loses the remainder", LOG, "gap")
class LosesTheRemainder(EventLog):
    """Moves the cursor to the end though the chunk was full before."""

    async def frames_after(self, cursor: Cursor) -> tuple[bytes, Cursor]:
        frames, _ = await super().frames_after(cursor)
        return frames, self.cursor


@seeded(READING, "stale batch shared", LOG, "gap")
class SharesAStaleBatch(EventLog):
    """Hands out the joined bytes of the batch before, as if they reached to the end."""

    def _join_tail(self, begin: int) -> tuple[bytes, Cursor]:
        start, _, joined = self._joined
        if joined and start == self._tail_starts[begin].index:
            return joined, self.cursor
        return super()._join_tail(begin)


@seeded(READING, "replay rewrites", LOG, "differing content")
class RewritesOnReplay(EventLog):
    """Makes a message anew when it is read back, in other bytes."""

    async def frames_after(self, cursor: Cursor) -> tuple[bytes, Cursor]:
        frames, after = await super().frames_after(cursor)
        if self._tail_starts and cursor.index < self._tail_starts[0].index:
            frames = frames.replace(b'"timestamp":"2', b'"timestamp":"3')
        return frames, after


@seeded(READING, "cursor before the message", "trio_agent.runtime.log._frame", "phantom")
def frame_with_the_cursor_before_it(entry: Entry) -> bytes:
    """Gives a message the cursor of the place before it."""
    return encode_event("message", entry.wire, str(Cursor(entry.log, entry.index, entry.tag)))
