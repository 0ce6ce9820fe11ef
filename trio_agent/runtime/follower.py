"""Follower: one reader's way through a session, history and live in a single loop.

A chunk holds what is new: messages as they stand in the log, then, at the log's end, text still being written, then the State
as of the last message sent. Messages leave at once; text and State, which are levels, leave at once after quiet and then at a
bounded rate: what changes in between is folded into the next. That clients came or went is told at a lower rate of its own.

A session's log may be made anew while it is followed, where a replay goes back: the reader is told by a `reset`, and goes on
from the new one's start.
"""

from __future__ import annotations

from collections.abc import Callable

import trio

from trio_agent.core.cursor import Cursor, ResetReason, start_of
from trio_agent.core.prompts import Waiting
from trio_agent.core.sse import encode_event
from trio_agent.core.wire import encode_json
from trio_agent.runtime.crowd import CROWD_INTERVAL_S
from trio_agent.runtime.live import LiveReader
from trio_agent.runtime.session import Session

STATE_INTERVAL_S = 0.05
TASKS_INTERVAL_S = 0.25  # people read it; a turn of quick tools would else tell of each twice
LIVE_INTERVAL_S = (
    0.025  # a tool that prints without end would else have every reader sent 16 KiB with each of its writes
)


class Follower:
    """Iterate to get chunks of event-stream frames, until the session ends or `stopping` says so (and the Signal is notified).

    The first chunk is the State at the start; it is made without touching the store. With `prompts`, which of the user's
    messages wait is told after the State, where it has changed: it changes with the State. With `tasks`, what runs.
    """

    def __init__(
        self,
        session: Session,
        start: Cursor,
        stopping: Callable[[], bool] = lambda: False,
        *,
        prompts: bool = False,
        tasks: bool = False,
    ) -> None:
        self.cursor = start
        self._stopping = stopping
        self._session = session
        self._live = LiveReader()
        self._live_version = 0
        self._live_index = start.index
        self._live_at = -LIVE_INTERVAL_S
        self._state_version = -1
        self._state_index = -1
        self._state_crowd = -1
        self._state_at = -STATE_INTERVAL_S
        # What was told last of the user's messages that wait; None where that is not to be told.
        self._waiting: tuple[Waiting, ...] | None = () if prompts else None
        self._tells_tasks = tasks
        self._tasks = b""
        self._tasks_version = -1
        self._tasks_at = -TASKS_INTERVAL_S

    def __aiter__(self) -> Follower:
        return self

    async def __anext__(self) -> bytes:
        session = self._session
        if self._state_version < 0:
            await trio.lowlevel.checkpoint()
            if not self._is_left_behind():
                return self._state_frame()
        while True:
            if self._stopping():
                raise StopAsyncIteration
            version = session.signal.version
            reset = self._begin_anew() if self._is_left_behind() else b""
            frames, self.cursor = await session.log.frames_after(self.cursor)
            if self._is_left_behind():
                continue
            chunk = [each for each in (reset, frames) if each]
            if self.cursor == session.log.cursor and self._live_due() and trio.current_time() >= self._live_next():
                chunk += self._live_frames()
            if self._state_due() and trio.current_time() >= self._state_next():
                chunk.append(self._state_frame())
            if self._tasks_due() and trio.current_time() >= self._tasks_next():
                chunk += self._tasks_frames()
            if chunk:
                await trio.lowlevel.checkpoint()
                return b"".join(chunk)
            if session.ended and not self._news_due():
                raise StopAsyncIteration
            await self._wait(version)

    def _is_left_behind(self) -> bool:
        """Whether the log that was followed is the session's no more. It may change at every checkpoint."""
        return self.cursor.log != self._session.log.cursor.log

    def _begin_anew(self) -> bytes:
        self.cursor = start_of(self._session.log.cursor.log)
        self._live = LiveReader()
        self._live_version = 0
        self._waiting = None if self._waiting is None else ()
        return reset_frame(self.cursor, "new_log")

    async def _wait(self, version: int) -> None:
        """Wait for news, or for the moment when text or State that is due may be sent."""
        state_at = self._state_next() if self._state_due() else float("inf")
        live_at = self._live_next() if self._live_due() else float("inf")
        settled_at = self._session.crowd.settled_at
        crowd_at = settled_at if settled_at > trio.current_time() else float("inf")
        tasks_at = self._tasks_next() if self._tasks_due() else float("inf")
        with trio.move_on_at(min(state_at, live_at, crowd_at, tasks_at)):
            await self._session.signal.wait_past(version)

    def _state_due(self) -> bool:
        return self._news_due() or self._state_crowd != self._session.crowd.size

    def _news_due(self) -> bool:
        """Whether the State differs from the last one sent by more than the size of the crowd."""
        return self._state_version != self._session.state_version or self._state_index != self.cursor.index

    def _state_next(self) -> float:
        return self._state_at + (STATE_INTERVAL_S if self._news_due() else CROWD_INTERVAL_S)

    def _live_due(self) -> bool:
        live = self._session.live
        # A message that came in between takes the index that the text was told under: it is told anew.
        return self._live_version != live.version or (bool(live.parts) and self._live_index != self.cursor.index)

    def _live_next(self) -> float:
        return self._live_at + LIVE_INTERVAL_S

    def _live_frames(self) -> list[bytes]:
        self._live_version = self._session.live.version
        self._live_index = self.cursor.index
        frames = self._live.frames(self._session.live, self.cursor.index)
        if frames:
            self._live_at = trio.current_time()
        return frames

    def _state_frame(self) -> bytes:
        self._state_at = trio.current_time()
        self._state_version = self._session.state_version
        self._state_index = self.cursor.index
        self._state_crowd = self._session.crowd.size
        return encode_event("state", self._session.state_json(self.cursor)) + self._prompts_frame()

    def _tasks_due(self) -> bool:
        return self._tells_tasks and self._tasks_version != self._session.signal.version

    def _tasks_next(self) -> float:
        return self._tasks_at + TASKS_INTERVAL_S

    def _tasks_frames(self) -> list[bytes]:
        """What runs, where that is other than before: whatever wakes readers, a deadline that was moved is seen with it."""
        self._tasks_at = trio.current_time()
        self._tasks_version = self._session.signal.version
        tasks = self._session.tasks.json(self._tasks_version)
        if tasks == self._tasks:
            return []
        self._tasks = tasks
        return [encode_event("tasks", b'{"now_s":%.3f,"tasks":%b}' % (self._tasks_at, tasks))]

    def _prompts_frame(self) -> bytes:
        """What waits, where that is other than before: of the messages that this reader has been sent."""
        if self._waiting is None:
            return b""
        waiting = tuple(each for each in self._session.prompts.waiting if each.idx < self.cursor.index)
        if waiting == self._waiting:
            return b""
        self._waiting = waiting
        return encode_event("prompts", encode_json({"waiting": waiting}))


def reset_frame(start: Cursor, reason: ResetReason) -> bytes:
    """What tells a reader to drop all it has: what comes next begins at `start`."""
    return encode_event("reset", encode_json({"reason": reason, "log": start.log, "from": start.index}), str(start))
