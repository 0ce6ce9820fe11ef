"""A client of a world: the product's own stream client, over the world's network, and the screen that it fills."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from random import Random

import trio

from tests.torture import history as h
from tests.torture.network import Link, Record, Way
from tests.torture.server import Ask, Server
from trio_agent.client import events
from trio_agent.client import stream as client_stream
from trio_agent.core.wire import encode_json

BAD_CURSORS = ("nonsense", "abcdefgh234567ab.99999.000000000000", "😀" * 20, "x" * 400)


@dataclass(frozen=True, slots=True)
class Habits:
    """How one client joins and reads. `join` is for its first request: `start`, `from`, `bad cursor`."""

    heartbeat_s: float
    join: str
    way: Way
    read_pause_s: float = 0.0
    overlaps: bool = False
    """It now and then asks from before where it is, as one does that keeps its place once in a while."""


@dataclass
class Screen:
    """What a person sees."""

    log: str = ""
    cursor: str = ""
    """After the last message; empty where there is none."""
    texts: dict[str, str] = field(default_factory=dict)
    state_count: int = -1


class Browser:
    """One client from when it comes until it is cancelled."""

    def __init__(
        self, number: int, habits: Habits, server: Server, random: Random, record: Record, count: Callable[[str], None]
    ) -> None:
        self.number = number
        self.screen = Screen()
        self.link: Link | None = None
        self.dropping: int | None = None
        """While set, the network drops each new connection after so many bytes."""
        self.swallowing = False
        """While set, the network takes requests and brings no answer."""
        self.stream: client_stream.EventStream | None = None
        self._habits = habits
        self._server = server
        self._random = random
        self._record = record
        self._count = count
        self._cursors: list[str] = []
        self._asked = 0

    async def run(self) -> None:
        self.stream = client_stream.EventStream(
            _Api(self),  # type: ignore[arg-type]
            heartbeat_s=self._habits.heartbeat_s,
            random=self._random.random,
        )
        send, receive = trio.open_memory_channel[events.Event](0)
        async with trio.open_nursery() as nursery:
            nursery.start_soon(self.stream.run, send)
            async with receive:
                async for event in receive:
                    self._show(event)
                    if self._habits.read_pause_s:
                        await trio.sleep(self._random.random() * self._habits.read_pause_s)

    def leave(self) -> None:
        """Its user goes away."""
        if self.link is not None:
            self._record(h.Ended(trio.current_time(), self.link.number))

    def _show(self, event: events.Event) -> None:
        now, screen = trio.current_time(), self.screen
        match event:
            case events.Reset(log=log, start=start):
                self._cursors.clear()
                self._clear(log, start)
            case events.Opened(log=log, start=start) if not screen.log:
                self._clear(log, start)
            case events.MessageArrived(message, cursor):
                self._record(h.Shown(now, self.number, message.idx, encode_json(message), cursor))
                screen.cursor = cursor
                screen.texts.clear()
                self._cursors.append(cursor)
            case events.TextGrew(idx, part, offset, text):
                screen.texts[part] = screen.texts.get(part, "")[:offset] + text
                self._record(h.TextShown(now, self.number, idx, part, screen.texts[part]))
            case events.TextDropped():
                screen.texts.clear()
                self._record(h.TextGone(now, self.number))
            case events.StateChanged(state):
                screen.state_count = state.message_count
            case _:
                pass

    def _clear(self, log: str, start: int) -> None:
        self.screen = Screen(log)
        self._record(h.Cleared(trio.current_time(), self.number, log, start))

    def ask(self, cursor: str, heartbeat_s: float) -> Ask:
        """The request that goes out where the client wants to go on after `cursor`."""
        self._asked += 1
        random = self._random
        if self._asked == 1:
            if self._habits.join == "from":
                self._count("joined by from")
                return Ask(None, random.randint(-2, 30), heartbeat_s)
            if self._habits.join == "bad cursor":
                return Ask(random.choice(BAD_CURSORS), 0, heartbeat_s)
        if self._habits.overlaps and len(self._cursors) > 2 and random.random() < 0.7:
            self._count("joined with an overlap")
            return Ask(random.choice(self._cursors[-8:]), 0, heartbeat_s)
        return Ask(cursor or None, 0, heartbeat_s)

    @asynccontextmanager
    async def connect(self, cursor: str, heartbeat_s: float) -> AsyncIterator[_Response]:
        await trio.lowlevel.checkpoint()
        number = self._server.next_connection()
        self.screen.state_count = -1
        self._record(h.Asked(trio.current_time(), self.number, number, cursor))
        link = Link(number, self.number, self._habits.way, self._random, self._record, self._count)
        try:
            if self.swallowing:
                self._count("request swallowed")
                link.cut("silent")
            if self.dropping is not None:
                self._count("dropped right after it opened")
                link.cut("reset", self.dropping)
            self._server.accept(link, self.ask(cursor, heartbeat_s))
            self.link = link
            yield _Response(link)
        finally:
            link.leave()
            self.link = None
            if self.screen.texts:
                self._count("reconnect within a text")


class _Response:
    """As much of an HTTP response as the client looks at."""

    status_code = 200
    headers = {"content-type": "text/event-stream; charset=utf-8"}  # noqa: RUF012

    def __init__(self, link: Link) -> None:
        self._link = link

    def aiter_bytes(self) -> _Response:
        return self

    def __aiter__(self) -> _Response:
        return self

    async def __anext__(self) -> bytes:
        piece = await self._link.receive()
        if not piece:
            raise StopAsyncIteration
        return piece

    async def aclose(self) -> None:
        await trio.lowlevel.checkpoint_if_cancelled()


class _Api:
    """The client's routes, over the world's network."""

    def __init__(self, browser: Browser) -> None:
        self._browser = browser

    async def locate(self) -> None:
        await trio.lowlevel.checkpoint()

    def stream(self, cursor: str, heartbeat_s: float) -> object:
        return self._browser.connect(cursor, heartbeat_s)
