"""The server of a replay: the same dashboard and routes, and two routes more, by which the page has it played."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, nullcontext
from dataclasses import dataclass
from pathlib import Path

import trio
from quart import Response

from trio_agent.runtime.hall import DEFAULT_HEARTBEAT_S
from trio_agent.runtime.player import Player
from trio_agent.runtime.recording import Recording
from trio_agent.runtime.replay import NoAgent, open_replay
from trio_agent.seams import Clock
from trio_agent.web.answers import Replayed
from trio_agent.web.api import Api
from trio_agent.web.app import App, make_quart
from trio_agent.web.bodies import ReplayBody
from trio_agent.web.guard import Access
from trio_agent.web.pages import Pages
from trio_agent.web.replies import json_reply
from trio_agent.web.routes import REPLAY_ROUTES, ROUTES
from trio_agent.web.serving import Serving

BAR_HIDDEN, BAR = b"<replay-bar hidden>", b"<replay-bar>"


class ReplayApp(App):
    """An App that plays `recording` at `speed` (infinite: all at once), the same for everybody who watches."""

    def __init__(
        self,
        recording: Recording,
        *,
        access: Access,
        speed: float = 1.0,
        heartbeat_s: float = DEFAULT_HEARTBEAT_S,
        clock: Clock = time.time,
    ) -> None:
        super().__init__(
            NoAgent(), store=lambda: nullcontext(recording), access=access, heartbeat_s=heartbeat_s, clock=clock
        )
        self._recording = recording
        self._speed = speed
        self._pages = ReplayPages()

    @asynccontextmanager
    async def running(self) -> AsyncIterator[Serving]:
        async with open_replay(
            self._recording, speed=self._speed, clock=self._clock, heartbeat_s=self._heartbeat_s
        ) as hall:
            serving = Serving(hall, self._clock, self._most_streams(), lambda name: None)
            api = ReplayApi(serving, self._pages, trio.CapacityLimiter(1), None, hall.player)
            self._quart = make_quart(api, [*ROUTES, *REPLAY_ROUTES])
            try:
                yield serving
            finally:
                serving.stop()


@dataclass(frozen=True, slots=True)
class ReplayApi(Api):
    """The handlers of an Api, and those of REPLAY_ROUTES."""

    player: Player

    async def replay(self) -> Response:
        await trio.lowlevel.checkpoint()
        return self._answer()

    async def control_replay(self) -> Response:
        body = await self._body(ReplayBody)
        await self.player.control(position=body.position, playing=body.playing, speed=body.speed)
        return self._answer()

    def _answer(self) -> Response:
        replayed = Replayed(
            position=self.player.session.position,
            count=self.player.count,
            playing=self.player.playing,
            speed=self.player.speed,
            log=self.player.session.log.cursor.log,
        )
        return json_reply(replayed)


class ReplayPages(Pages):
    """The dashboard with its replay bar in sight, from which the page's modules learn what they are shown in."""

    def __init__(self, directory: Path | None = None) -> None:
        super().__init__(directory)
        self.rewrite("index.html", BAR_HIDDEN, BAR)
