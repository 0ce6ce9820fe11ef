"""One reader's way through a session."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any

import pytest
import trio
from trio.testing import MockClock, wait_all_tasks_blocked

from tests.runtime.house import LOG, NOW, HouseStore, auto, events
from trio_agent.core.cursor import Cursor, start_of
from trio_agent.core.machine import AgentState
from trio_agent.core.message import Message
from trio_agent.core.sse import Event
from trio_agent.runtime.crowd import CROWD_INTERVAL_S
from trio_agent.runtime.follower import STATE_INTERVAL_S, Follower
from trio_agent.runtime.log import TAIL_BYTES, open_log
from trio_agent.runtime.place import here
from trio_agent.runtime.session import Session
from trio_agent.runtime.signal import Signal
from trio_agent.runtime.writer import Writer
from trio_agent.seams import SessionRecord


async def make_session(store: HouseStore, tail: int = TAIL_BYTES) -> Session:
    """A session that nobody works in: the test does."""
    signal, writer = Signal(), Writer(store)
    log, history = await open_log(LOG, store, writer, lambda: NOW, signal, tail)
    return Session(SessionRecord(session_id="s", log=LOG, created=""), log, history, writer, signal, here(), 45.0)


@pytest.fixture
def store() -> HouseStore:
    return HouseStore()


@pytest.fixture
async def session(store: HouseStore) -> Session:
    await trio.lowlevel.checkpoint()
    return await make_session(store)


class Reading:
    """A follower read by a task, with what came and when; `busy_s` is how long each chunk takes to send."""

    def __init__(self, follower: Follower, busy_s: float = 0.0) -> None:
        self.follower = follower
        self.busy_s = busy_s
        self.chunks: list[bytes] = []
        self.times: list[float] = []
        self.done = False

    async def run(self) -> None:
        async for chunk in self.follower:
            self.chunks.append(chunk)
            self.times.append(trio.current_time())
            await trio.sleep(self.busy_s)
        self.done = True

    @property
    def events(self) -> list[Event]:
        return events(b"".join(self.chunks))

    @property
    def short(self) -> list[str]:
        """Each event in a word or two."""
        return [_short(event) for event in self.events]

    def data(self, name: str) -> list[dict[str, Any]]:
        return [json.loads(event.data) for event in self.events if event.event == name]


@asynccontextmanager
async def followed(session: Session, start: Cursor | None = None, busy_s: float = 0.0) -> AsyncIterator[Reading]:
    """`session` is read from `start`, or its beginning, for as long as the block lasts."""
    async with trio.open_nursery() as nursery:
        reading = Reading(Follower(session, start or start_of(LOG)), busy_s)
        nursery.start_soon(reading.run)
        yield reading
        nursery.cancel_scope.cancel()


def _short(event: Event) -> str:
    data = json.loads(event.data)
    match event.event:
        case "message":
            return f"message {data['idx']}"
        case "state":
            return f"state {data['message_count']}"
        case _:
            return f"{event.event} {data['text']}"


async def test_the_first_chunk_is_the_state_made_without_the_store(store: HouseStore) -> None:
    session = await make_session(store, tail=1)
    await session.record(auto("a"))
    store.reads = 0
    chunk = await anext(Follower(session, start_of(LOG)))
    assert [_short(event) for event in events(chunk)] == ["state 0"]
    assert store.reads == 0


async def test_messages_come_in_order_and_the_state_after_them(session: Session, autojump_clock: MockClock) -> None:
    await session.log.append([auto("a"), auto("b")])
    async with followed(session) as reading:
        await trio.sleep(1)
        await session.record(auto("c"))
        await trio.sleep(1)
    assert reading.short == ["state 0", "message 0", "message 1", "state 2", "message 2", "state 3"]
    assert events(reading.chunks[-1])[0].event == "message", "message and state leave in one chunk"


async def test_a_reader_begins_where_its_cursor_says(session: Session, autojump_clock: MockClock) -> None:
    receipts = [await session.log.append([auto(text)]) for text in "abc"]
    async with followed(session, receipts[1].cursor) as reading:
        await trio.sleep(1)
    assert reading.short == ["state 2", "message 2", "state 3"]


@pytest.mark.parametrize("busy_s", [0.0, 0.003, 0.7])
@pytest.mark.parametrize("tail", [1, 2000, TAIL_BYTES])
async def test_no_state_runs_ahead_of_what_was_sent_and_in_the_end_it_is_equal(
    store: HouseStore, autojump_clock: MockClock, busy_s: float, tail: int
) -> None:
    session = await make_session(store, tail)
    async with followed(session, busy_s=busy_s) as reading:
        for number in range(100):
            await session.record(auto(f"{number}"))
            await trio.sleep(0.007)
        await trio.sleep(5)
    sent = 0
    for event in reading.events:
        data = json.loads(event.data)
        if event.event == "message":
            assert data["idx"] == sent, "in order, no gap, nothing twice"
            sent += 1
        else:
            assert data["message_count"] == sent
            assert data["cursor"] == str(await session.log.locate(sent))
    assert sent == 100
    assert reading.data("state")[-1] == json.loads(session.state_json(session.log.cursor))


async def test_the_state_leaves_at_most_twenty_times_a_second(session: Session, autojump_clock: MockClock) -> None:
    async with followed(session) as reading:
        for _ in range(1000):
            session.changed()
            await trio.sleep(0.001)
        await trio.sleep(1)
    assert 18 <= len(reading.times) <= 22
    assert min(b - a for a, b in zip(reading.times, reading.times[1:], strict=False)) >= STATE_INTERVAL_S * 0.999


async def test_a_change_of_state_alone_is_told(session: Session, autojump_clock: MockClock) -> None:
    async with followed(session) as reading:
        await trio.sleep(1)
        session.enter(AgentState.WAITING_FOR_USER_INPUT)
        await trio.sleep(1)
    assert [state["agent_state"] for state in reading.data("state")] == ["Ready", "WaitingForUserInput"]


async def test_what_a_crowd_costs_grows_with_the_time_it_takes_to_come_and_not_with_its_square(
    session: Session, autojump_clock: MockClock
) -> None:
    clients, apart_s = 200, 0.03
    readings: list[Reading] = []

    async def come(task_status: trio.TaskStatus[None] = trio.TASK_STATUS_IGNORED) -> None:
        async with session.watched():
            readings.append(Reading(Follower(session, session.log.cursor)))
            task_status.started()
            await readings[-1].run()

    async with trio.open_nursery() as nursery:
        woken = session.signal.version
        for _ in range(clients):
            await nursery.start(come)
            await trio.sleep(apart_s)
        await trio.sleep(2)
        woken = session.signal.version - woken
        nursery.cancel_scope.cancel()
    seconds = clients * apart_s + 1
    assert woken <= seconds, "nobody is woken more often than something may be told"
    for reading in readings:
        assert len(reading.times) <= seconds + 1
        pauses = [b - a for a, b in zip(reading.times, reading.times[1:], strict=False)]
        assert min(pauses, default=CROWD_INTERVAL_S) >= CROWD_INTERVAL_S * 0.999
        assert reading.data("state")[-1]["streams"] == clients, "the last number arrives"


@pytest.mark.parametrize("pause_s", [0.0, 0.4, 0.999, 1.0, 1.001, 3.0])
async def test_the_last_number_of_clients_arrives_whenever_they_come_and_go(
    session: Session, autojump_clock: MockClock, pause_s: float
) -> None:
    async with trio.open_nursery() as nursery:
        readings = [Reading(Follower(session, start_of(LOG)), busy_s) for busy_s in (0.0, 0.3, 1.7)]
        for reading in readings:
            nursery.start_soon(reading.run)
        await trio.sleep(5)
        for others in range(1, 4):
            async with AsyncExitStack() as here:
                for _ in range(others):
                    await here.enter_async_context(session.watched())
                    await trio.sleep(pause_s)
                await trio.sleep(4)
                assert [reading.data("state")[-1]["streams"] for reading in readings] == [others] * 3
        await trio.sleep(4)
        assert [reading.data("state")[-1]["streams"] for reading in readings] == [0] * 3
        nursery.cancel_scope.cancel()


async def test_the_number_of_clients_goes_with_the_next_other_change(
    session: Session, autojump_clock: MockClock
) -> None:
    async with followed(session) as reading:
        await trio.sleep(0.1)
        async with session.watched():
            await trio.sleep(0.1)
            await session.record(auto("a"))
            await trio.sleep(0.1)
            assert [state["streams"] for state in reading.data("state")] == [0, 1]


async def test_nothing_is_sent_when_nothing_changes(session: Session, autojump_clock: MockClock) -> None:
    async with followed(session) as reading:
        await trio.sleep(1)
        count = len(reading.chunks)
        session.signal.notify()
        await trio.sleep(3600)
        assert len(reading.chunks) == count == 1


async def test_text_being_written_is_told_only_at_the_end_of_the_log(
    store: HouseStore, autojump_clock: MockClock
) -> None:
    session = await make_session(store, tail=1)
    for _ in range(5):
        await session.record(auto("." * 200_000))
    session.write("content", "Hello")
    async with followed(session, busy_s=0.2) as reading:
        await trio.sleep(5)
    assert reading.short.index("delta Hello") > reading.short.index("message 4")
    assert reading.data("delta") == [{"idx": 5, "part": "content", "offset": 0, "text": "Hello"}]


async def test_text_that_never_ends_is_folded_into_forty_pieces_a_second(
    session: Session, autojump_clock: MockClock
) -> None:
    async with followed(session) as reading:
        for _ in range(1000):
            session.live.emit("call", "x")
            await trio.sleep(0.001)
        await trio.sleep(1)
    pieces = reading.data("tool")
    assert 39 <= len(pieces) <= 42
    assert "".join(piece["text"] for piece in pieces) == "x" * 1000


async def test_text_comes_before_the_message_it_becomes_and_never_after(
    session: Session, autojump_clock: MockClock
) -> None:
    async with followed(session) as reading:
        await trio.sleep(1)
        session.write("content", "Hel")
        await trio.sleep(1)
        session.write("content", "lo")
        await trio.sleep(1)
        await session.record(auto("told in between"))
        await trio.sleep(1)
        await session.record(Message(type="agent", content="Hello"))
        await trio.sleep(1)
    order = [each for each in reading.short if not each.startswith("state")]
    assert order == ["delta Hel", "delta lo", "message 0", "delta Hello", "message 1"]
    assert [delta["idx"] for delta in reading.data("delta")] == [0, 0, 1]


async def test_a_slow_reader_is_sent_all_that_was_joined_meanwhile(session: Session, autojump_clock: MockClock) -> None:
    async with followed(session, busy_s=10) as reading:
        await trio.sleep(1)
        for number in range(500):
            await session.record(auto(f"{number}"))
        await trio.sleep(30)
    assert len(reading.data("message")) == 500
    assert len(reading.chunks) == 2


@pytest.mark.parametrize("quiet_s", [1, STATE_INTERVAL_S / 5])
async def test_a_reader_of_a_session_that_ends_gets_the_rest_and_then_the_end(
    session: Session, autojump_clock: MockClock, quiet_s: float
) -> None:
    async with trio.open_nursery() as nursery:
        reading = Reading(Follower(session, start_of(LOG)))
        nursery.start_soon(reading.run)
        await trio.sleep(quiet_s)
        await session.record(auto("last words"))
        session.end()
    assert reading.done
    assert reading.short[1] == "message 0"
    assert reading.data("state")[-1]["session_ended"] is True


async def test_a_reader_ends_when_the_server_stops(session: Session, autojump_clock: MockClock) -> None:
    stopping = False
    async with trio.open_nursery() as nursery:
        reading = Reading(Follower(session, start_of(LOG), lambda: stopping))
        nursery.start_soon(reading.run)
        await trio.sleep(1)
        stopping = True
        session.signal.notify()
    assert reading.done


async def test_readers_at_one_place_are_given_the_same_bytes(session: Session, autojump_clock: MockClock) -> None:
    async with trio.open_nursery() as nursery:
        both = [Reading(Follower(session, start_of(LOG))) for _ in range(2)]
        for reading in both:
            nursery.start_soon(reading.run)
        await wait_all_tasks_blocked()
        # Within the interval of the first State, so that none comes along.
        await session.record(auto("a"))
        await wait_all_tasks_blocked()
        nursery.cancel_scope.cancel()
    assert both[0].short == ["state 0", "message 0"]
    assert both[0].chunks[1] is both[1].chunks[1]


async def test_the_state_is_encoded_once_for_all_readers_of_a_moment(session: Session) -> None:
    session.state_json(session.log.cursor)
    encoded = session._encoded
    session.state_json(session.log.cursor)
    assert session._encoded is encoded
