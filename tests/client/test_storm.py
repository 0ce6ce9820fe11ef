"""Many clients of one server that goes away: they come back spread out, and nobody hammers. On a clock that jumps."""

from __future__ import annotations

from collections import Counter
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from random import Random

import httpx2
import trio

from tests.client.standin import SESSION, URL, bye, heartbeat, ready
from trio_agent.client import ConnectionChanged, connect
from trio_agent.web.stream import OVERLOAD_RETRY_MS, retry_ms

CLIENTS = 200
LEAVES_AT_S = 60.0
BEAT_S = 15.0
WINDOW_S = 0.1


@dataclass
class Restarting(httpx2.AsyncBaseTransport):
    """A server that lets all its streams go at LEAVES_AT_S, with `last_words`, and is away for `away_s`."""

    last_words: Callable[[], bytes]
    away_s: float
    asked_at: list[float] = field(default_factory=list)
    """When a stream was asked for, after it left."""
    back: int = 0

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        await trio.lowlevel.checkpoint()
        if not request.url.path.endswith("/stream"):
            return httpx2.Response(200, json={"session_id": SESSION})
        now = trio.current_time()
        if now >= LEAVES_AT_S:
            self.asked_at.append(now)
            if now < LEAVES_AT_S + self.away_s:
                raise httpx2.ConnectError("nobody listens")
            self.back += 1
        stream = _Beating(self.last_words if now < LEAVES_AT_S else None)
        return httpx2.Response(200, headers={"content-type": "text/event-stream"}, stream=stream)

    @property
    def busiest(self) -> int:
        """The most requests that came within WINDOW_S."""
        return max(Counter(int(at / WINDOW_S) for at in self.asked_at).values())


class _Beating(httpx2.AsyncByteStream):
    def __init__(self, last_words: Callable[[], bytes] | None) -> None:
        self._last_words = last_words

    async def __aiter__(self) -> AsyncIterator[bytes]:
        yield ready()
        while self._last_words is None or trio.current_time() + BEAT_S < LEAVES_AT_S:
            await trio.sleep(BEAT_S)
            yield heartbeat()
        await trio.sleep_until(LEAVES_AT_S)
        if words := self._last_words():
            yield words

    async def aclose(self) -> None:
        await trio.lowlevel.cancel_shielded_checkpoint()


async def stormed(server: Restarting) -> list[float]:
    """How long each client took to be connected again, counted from when the server was back."""
    took: list[float] = []

    async def follow(number: int) -> None:
        async with connect(URL, transport=server, uniform=Random(number).random) as client:
            async for event in client:
                is_open = isinstance(event, ConnectionChanged) and event.connection.state == "open"
                if is_open and trio.current_time() > LEAVES_AT_S:
                    took.append(trio.current_time() - LEAVES_AT_S - server.away_s)
                    return

    async with trio.open_nursery() as nursery:
        for number in range(CLIENTS):
            nursery.start_soon(follow, number)
    return took


async def test_clients_that_were_told_goodbye_come_back_spread_out_and_once_each(
    autojump_clock: trio.abc.Clock,
) -> None:
    server = Restarting(lambda: bye("shutdown", retry_ms()), away_s=1)
    took = await stormed(server)
    assert len(server.asked_at) == CLIENTS
    assert server.busiest < CLIENTS * 0.2
    assert max(took) < 4


async def test_clients_that_were_all_told_the_same_time_come_back_spread_out(autojump_clock: trio.abc.Clock) -> None:
    server = Restarting(lambda: bye("overload", OVERLOAD_RETRY_MS), away_s=0)
    await stormed(server)
    assert len(server.asked_at) == CLIENTS
    assert min(server.asked_at) >= LEAVES_AT_S + OVERLOAD_RETRY_MS / 1000
    assert server.busiest < CLIENTS * 0.1


async def test_clients_that_were_told_nothing_come_back_spread_out(autojump_clock: trio.abc.Clock) -> None:
    server = Restarting(lambda: b"", away_s=0)
    await stormed(server)
    assert len(server.asked_at) == CLIENTS
    assert server.busiest < CLIENTS * 0.5  # 375 ms to spread in: a blip must not keep anybody away for long


async def test_a_server_that_stays_away_is_not_hammered_and_its_return_is_no_storm(
    autojump_clock: trio.abc.Clock,
) -> None:
    server = Restarting(lambda: b"", away_s=300)
    took = await stormed(server)
    while_away = len(server.asked_at) - server.back
    assert while_away < CLIENTS * 60, "less often than every five seconds"
    returned = Counter(int(seconds / WINDOW_S) for seconds in took)
    assert max(returned.values()) < CLIENTS * 0.1
    assert max(took) <= 15
