"""The wall clock is set while everything runs: it is told to readers, and decides nothing."""

from __future__ import annotations

import json

import trio
from trio.testing import MockClock

from tests.web.echo_agent import EchoAgent
from tests.web.test_stream import Reader, say
from trio_agent.core.cursor import start_of
from trio_agent.runtime.hall import open_hall
from trio_agent.stores.memory import MemoryStore
from trio_agent.web.stream import Start, open_stream

NOON = 1_800_000_000.0
YEAR = 365 * 86_400.0


class WallClock:
    """What time it is, until somebody sets it."""

    def __init__(self) -> None:
        self.now = NOON

    def __call__(self) -> float:
        return self.now


async def test_heartbeats_keep_their_pace_and_messages_their_order_whatever_the_clock_is_set_to(
    autojump_clock: MockClock,
) -> None:
    clock = WallClock()
    async with open_hall(MemoryStore(), EchoAgent(), project="", clock=clock) as hall:
        session = await hall.newest()
        start = Start(start_of(session.log.cursor.log))
        stream = open_stream(session, start, heartbeat_s=15, stopping=lambda: False, clock=clock)
        async with stream as chunks:
            reader, begun = Reader(chunks), trio.current_time()
            for number, leap in enumerate((0.0, -YEAR, 2 * YEAR, -NOON, -3600.0)):
                clock.now += leap
                await say(session, f"message {number}")
                message = await reader.next("message")
                assert json.loads(message.data)["content"] == f"message {number}"
                assert message.id.split(".")[1] == str(number + 1)
                beat = await reader.next("heartbeat")
                assert trio.current_time() == begun + 15 * (number + 1)
                assert int(beat.data) == int(clock.now)


async def test_a_log_written_by_a_clock_that_went_back_is_resumed_by_its_cursor(autojump_clock: MockClock) -> None:
    clock, store = WallClock(), MemoryStore()
    async with open_hall(store, EchoAgent(), project="", clock=clock) as hall:
        session = await hall.newest()
        await say(session, "one", "two")
        seen = await session.log.locate(1)
        clock.now -= YEAR
        await say(session, "three")
    clock.now -= YEAR
    async with open_hall(store, EchoAgent(), project="", clock=clock) as hall:
        session = await hall.newest()
        await say(session, "four")
        start, reset = await session.log.resume(seen)
        assert reset is None
        async with open_stream(
            session, Start(start, reset), heartbeat_s=45, stopping=lambda: False, clock=clock
        ) as chunks:
            reader = Reader(chunks)
            told = [json.loads((await reader.next("message")).data)["content"] for _ in range(3)]
    assert told == ["two", "three", "four"]
