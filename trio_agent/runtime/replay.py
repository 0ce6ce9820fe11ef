"""A replay: a hall with one session, into which a recording is played. Nothing in it can be begun, changed or deleted."""

from __future__ import annotations

import math
from collections.abc import AsyncIterator, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from functools import partial

import trio

from trio_agent.core.errors import Conflict, NotFound
from trio_agent.core.message import Message
from trio_agent.runtime.hall import Hall
from trio_agent.runtime.player import Player
from trio_agent.runtime.recording import Recording
from trio_agent.runtime.replayed_session import REFUSED, ReplayedSession
from trio_agent.runtime.session import Session
from trio_agent.seams import Attendant, Clock, SessionHandle, SessionRecord


@asynccontextmanager
async def open_replay(
    recording: Recording, *, speed: float, clock: Clock, heartbeat_s: float
) -> AsyncIterator[ReplayHall]:
    """Play `recording` for as long as the block lasts. At an infinite speed all of it is there from the start."""
    async with trio.open_nursery() as nursery:
        hall = ReplayHall(recording, nursery, speed=speed, clock=clock, heartbeat_s=heartbeat_s)
        await hall.begin()
        yield hall
        nursery.cancel_scope.cancel()


class ReplayHall(Hall):
    """Made by `open_replay`."""

    def __init__(
        self, recording: Recording, nursery: trio.Nursery, *, speed: float, clock: Clock, heartbeat_s: float
    ) -> None:
        super().__init__(recording, NoAgent(), nursery, project="", clock=clock, heartbeat_s=heartbeat_s)
        self._session = ReplayedSession(recording, clock, heartbeat_s)
        self._session.on_change = partial(self._changed, self._session.id)
        self._at_once = math.isinf(speed)
        self.player = Player(recording, self._session, 1.0 if self._at_once else speed)

    async def begin(self) -> None:
        if self._at_once:
            await self.player.control(position=self.player.count, playing=False, speed=None)
        self._nursery.start_soon(self.player.play)

    async def session(self, session_id: str) -> Session:
        await trio.lowlevel.checkpoint()
        if session_id != self._session.id:
            raise NotFound("no such session")
        return self._session

    async def newest(self) -> Session:
        await trio.lowlevel.checkpoint()
        return self._session

    def records(self) -> list[SessionRecord]:
        return [self._session.kept]

    def open_sessions(self) -> list[Session]:
        return [self._session]

    async def create(self, *, title: str = "", model: str = "") -> Session:
        await trio.lowlevel.checkpoint()
        raise Conflict(REFUSED)

    async def fork(self, session_id: str, index: int, *, title: str = "", model: str = "") -> Session:
        await self.session(session_id)
        raise Conflict(REFUSED)

    async def change(self, session_id: str, *, title: str | None, archived: bool | None) -> SessionRecord:
        await self.session(session_id)
        raise Conflict(REFUSED)

    async def delete(self, session_id: str) -> None:
        await self.session(session_id)
        raise Conflict(REFUSED)


class NoAgent:
    """In a replay nobody works; the hall never asks."""

    def attend(self, session: SessionHandle, history: Sequence[Message]) -> AbstractAsyncContextManager[Attendant]:
        raise Conflict(REFUSED)

    async def forget(self, session_id: str) -> None:
        await trio.lowlevel.checkpoint()
