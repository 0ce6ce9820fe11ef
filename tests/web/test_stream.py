"""The event stream of one connection, on a clock that jumps to where something is due."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, field

import pytest
import trio
from trio.testing import MockClock, wait_all_tasks_blocked

from tests.web.echo_agent import TOOL_CALL, EchoAgent
from tests.web.serving import NOW, tasks
from trio_agent.core.cursor import Cursor, ResetReason, start_of
from trio_agent.core.errors import StoreDown
from trio_agent.core.message import Message
from trio_agent.core.sse import Event, Parser
from trio_agent.runtime.hall import Hall, open_hall
from trio_agent.runtime.session import Session
from trio_agent.seams import Entry
from trio_agent.stores.memory import MemoryStore
from trio_agent.web.serving import Serving
from trio_agent.web.stream import OVERLOAD_RETRY_MS, RETRY_MS, Start, StreamBody, admitted, open_stream


@asynccontextmanager
async def a_hall(store: MemoryStore | None = None) -> AsyncIterator[Hall]:
    async with open_hall(store or MemoryStore(), EchoAgent(), project="", clock=lambda: NOW) as hall:
        await wait_all_tasks_blocked()
        yield hall


@dataclass
class Reader:
    """One connection's stream, read an event at a time."""

    chunks: trio.MemoryReceiveChannel[bytes]
    parser: Parser = field(default_factory=Parser)
    waiting: list[Event] = field(default_factory=list)

    async def next(self, *names: str) -> Event:
        while True:
            while not self.waiting:
                self.waiting = self.parser.feed(await self.chunks.receive())
            if not names or self.waiting[0].event in names:
                return self.waiting.pop(0)
            del self.waiting[0]

    async def rest(self) -> list[Event]:
        """All that comes until the stream ends."""
        async for chunk in self.chunks:
            self.waiting += self.parser.feed(chunk)
        return self.waiting


@asynccontextmanager
async def reading(
    session: Session,
    start: Start | None = None,
    *,
    heartbeat_s: float = 45.0,
    stopping: trio.Event | None = None,
) -> AsyncIterator[Reader]:
    halt = trio.Event() if stopping is None else stopping
    start = start or Start(start_of(session.log.cursor.log))
    stream = open_stream(session, start, heartbeat_s=heartbeat_s, stopping=halt.is_set, clock=lambda: NOW)
    async with stream as chunks:
        yield Reader(chunks)


async def say(session: Session, *texts: str) -> None:
    for text in texts:
        await session.record(Message(content=text))


async def test_retry_ready_and_state_come_first_and_in_one_chunk(autojump_clock: MockClock) -> None:
    async with a_hall() as hall:
        session = await hall.newest()
        await say(session, "one", "two")
        async with reading(session) as reader:
            first = await reader.chunks.receive()
    assert first.startswith(b"retry: ")
    parser = Parser()
    ready, state = parser.feed(first)
    assert parser.retry_ms is not None
    assert RETRY_MS[0] <= parser.retry_ms <= RETRY_MS[1]
    log = session.log.cursor.log
    assert (ready.event, ready.id) == ("ready", f"{log}.0.000000000000")
    told = json.loads(ready.data)
    assert told == {"log": log, "from": 0, "count": 2, "heartbeat": 45, "server": told["server"]}
    assert (state.event, json.loads(state.data)["message_count"]) == ("state", 0)


async def test_the_time_to_wait_before_reconnecting_differs_from_client_to_client(autojump_clock: MockClock) -> None:
    async with a_hall() as hall:
        session = await hall.newest()
        told = set()
        for _ in range(20):
            async with reading(session) as reader:
                await reader.next()
                told.add(reader.parser.retry_ms)
    assert len(told) > 1


async def test_history_is_followed_by_what_happens_with_a_cursor_after_each(autojump_clock: MockClock) -> None:
    async with a_hall() as hall:
        session = await hall.newest()
        await say(session, "one", "two")
        async with reading(session) as reader:
            old = [await reader.next("message") for _ in range(2)]
            await say(session, "three")
            new = await reader.next("message")
            assert new.id == str(session.log.cursor)
    assert [json.loads(each.data)["content"] for each in (*old, new)] == ["one", "two", "three"]
    assert [each.id.split(".")[1] for each in (*old, new)] == ["1", "2", "3"]


async def test_a_stream_begins_at_its_cursor(autojump_clock: MockClock) -> None:
    async with a_hall() as hall:
        session = await hall.newest()
        await say(session, "one", "two", "three")
        async with reading(session, Start(await session.log.locate(2))) as reader:
            ready = json.loads((await reader.next("ready")).data)
            message = await reader.next("message")
    assert (ready["from"], ready["count"]) == (2, 3)
    assert json.loads(message.data)["idx"] == 2


@pytest.mark.parametrize("reason", ["new_log", "ahead", "diverged", "compacted", "bad_cursor"])
async def test_a_reset_follows_ready_and_says_why(reason: ResetReason, autojump_clock: MockClock) -> None:
    async with a_hall() as hall:
        session = await hall.newest()
        await say(session, "one")
        log = session.log.cursor.log
        async with reading(session, Start(start_of(log), reason)) as reader:
            events = [await reader.next() for _ in range(4)]
    assert [each.event for each in events] == ["ready", "reset", "state", "message"]
    assert json.loads(events[1].data) == {"reason": reason, "log": log, "from": 0}
    assert events[1].id == str(start_of(log))


async def test_heartbeats_come_every_45_seconds_whatever_else_is_sent(autojump_clock: MockClock) -> None:
    async with a_hall() as hall, trio.open_nursery() as nursery:
        session = await hall.newest()

        async def chatter() -> None:
            while True:
                await trio.sleep(7)
                await say(session, "noise")

        begun = trio.current_time()
        async with reading(session) as reader:
            nursery.start_soon(chatter)
            beats = []
            for _ in range(4):
                event = await reader.next("heartbeat")
                beats.append(trio.current_time() - begun)
                assert event == Event("heartbeat", str(int(NOW)), event.id)
        nursery.cancel_scope.cancel()
    assert beats == pytest.approx([45, 90, 135, 180])


async def test_a_heartbeat_does_not_change_where_a_client_resumes(autojump_clock: MockClock) -> None:
    async with a_hall() as hall:
        session = await hall.newest()
        await say(session, "one")
        async with reading(session) as reader:
            beat = await reader.next("heartbeat")
            assert beat.id == str(session.log.cursor)


async def test_a_connection_has_the_interval_it_asked_for(autojump_clock: MockClock) -> None:
    async with a_hall() as hall:
        session = await hall.newest()
        async with reading(session, heartbeat_s=15) as reader:
            begun = trio.current_time()
            assert json.loads((await reader.next("ready")).data)["heartbeat"] == 15
            await reader.next("heartbeat")
            assert trio.current_time() - begun == pytest.approx(15)


async def test_a_pulse_that_was_asked_for_comes_every_second_as_a_comment(autojump_clock: MockClock) -> None:
    async with a_hall() as hall:
        session = await hall.newest()
        start = Start(start_of(session.log.cursor.log))
        stream = open_stream(session, start, heartbeat_s=45, stopping=lambda: False, clock=lambda: NOW, pulse=True)
        async with stream as chunks:
            begun = trio.current_time()
            assert b'"pulse":1' in await chunks.receive()
            for second in range(1, 45):
                assert (await chunks.receive(), trio.current_time() - begun) == (b":\n", pytest.approx(second))
            assert {await chunks.receive(), await chunks.receive()} == {b":\n", b"event: heartbeat\ndata: %d\n\n" % NOW}


async def test_heartbeats_that_a_stuck_reader_missed_are_not_made_up_for(autojump_clock: MockClock) -> None:
    async with a_hall() as hall:
        session = await hall.newest()
        async with reading(session) as reader:
            begun = trio.current_time()
            await reader.next("state")
            await trio.sleep(400)
            await reader.next("heartbeat")
            await reader.next("heartbeat")
            assert trio.current_time() - begun == pytest.approx(405)


async def test_a_reader_that_does_not_read_delays_no_one_and_holds_one_chunk(autojump_clock: MockClock) -> None:
    async with a_hall() as hall:
        session = await hall.newest()
        async with reading(session) as stuck, reading(session) as reader:
            begun = trio.current_time()
            for number in range(200):
                await say(session, f"{number} " + "x" * 10_000)
                while json.loads((await reader.next("message")).data)["idx"] != number:
                    pass
            assert trio.current_time() - begun < 1
            await wait_all_tasks_blocked()
            # The opening, which nobody has taken yet: the 2 MB since then lie in the log, not in this connection.
            held = stuck.chunks.statistics()
            assert (held.tasks_waiting_send, held.current_buffer_used) == (1, 0)
            assert len(await stuck.chunks.receive()) < 4_000


async def test_leaving_ends_both_tasks_at_once(autojump_clock: MockClock) -> None:
    async with a_hall() as hall:
        session = await hall.newest()
        before = tasks()
        async with reading(session) as reader:
            await reader.next("state")
            assert tasks() == before + 2
            left = trio.current_time()
        assert (tasks(), trio.current_time()) == (before, left)
        async with reading(session):
            pass
        assert (tasks(), trio.current_time()) == (before, left)


async def test_a_client_whose_request_is_cancelled_leaves_nothing_behind(autojump_clock: MockClock) -> None:
    async with a_hall() as hall:
        session = await hall.newest()
        before = tasks()
        with trio.move_on_after(100) as scope:
            async with StreamBody(reading_chunks(session)) as chunks:
                async for _ in chunks:
                    pass
        assert scope.cancelled_caught
        assert tasks() == before
        assert session.snapshot().streams == 0


def reading_chunks(session: Session) -> AbstractAsyncContextManager[trio.MemoryReceiveChannel[bytes]]:
    start = Start(start_of(session.log.cursor.log))
    return open_stream(session, start, heartbeat_s=45, stopping=lambda: False, clock=lambda: NOW)


async def test_a_thousand_connections_leave_the_tasks_as_they_were(autojump_clock: MockClock) -> None:
    async with a_hall() as hall:
        session = await hall.newest()
        before = tasks()
        for _ in range(1000):
            async with reading(session) as reader:
                await reader.next("ready")
        assert tasks() == before


async def test_streams_are_counted_in_the_state(autojump_clock: MockClock) -> None:
    async with a_hall() as hall:
        session = await hall.newest()
        async with reading(session) as one, reading(session):
            while json.loads((await one.next("state")).data)["streams"] != 2:
                pass
        assert session.snapshot().streams == 0


async def test_a_state_follows_the_messages_it_counts(autojump_clock: MockClock) -> None:
    async with a_hall() as hall:
        session = await hall.newest()
        sent = 0
        async with reading(session) as reader:
            for _ in range(20):
                await say(session, "a", "b")
                while sent < session.log.cursor.index:
                    event = await reader.next("message", "state")
                    if event.event == "message":
                        sent += 1
                    else:
                        assert json.loads(event.data)["message_count"] <= sent
            while json.loads((await reader.next("state")).data)["message_count"] != sent:
                pass


async def test_who_comes_in_the_middle_of_an_answer_gets_all_of_it_so_far(autojump_clock: MockClock) -> None:
    async with a_hall() as hall:
        session = await hall.newest()
        session.write("content", "Hello ")
        session.write("content", "wörld")
        async with session.running_tool(TOOL_CALL) as run, reading(session) as reader:
            run.emit("output")
            delta = json.loads((await reader.next("delta")).data)
            tool = json.loads((await reader.next("tool")).data)
            session.write("content", "!")
            more = json.loads((await reader.next("delta")).data)
    assert delta == {"idx": 0, "part": "content", "offset": 0, "text": "Hello wörld"}
    assert tool == {"tool_call_id": TOOL_CALL.tool_call_id, "offset": 0, "text": "output"}
    assert more == {"idx": 0, "part": "content", "offset": 11, "text": "!"}


async def test_bye_is_said_when_the_server_stops(autojump_clock: MockClock) -> None:
    async with a_hall() as hall:
        session = await hall.newest()
        stopping = trio.Event()
        async with reading(session, stopping=stopping) as reader:
            await reader.next("state")
            stopping.set()
            session.signal.notify()
            last = (await reader.rest())[-1]
    told = json.loads(last.data)
    assert (last.event, told["reason"]) == ("bye", "shutdown")
    assert RETRY_MS[0] <= told["retry_ms"] <= RETRY_MS[1]


async def test_bye_follows_the_last_message_of_a_session_that_ends(autojump_clock: MockClock) -> None:
    async with a_hall() as hall:
        session = await hall.newest()
        async with reading(session) as reader:
            await reader.next("state")
            await say(session, "the last")
            session.end()
            events = await reader.rest()
    assert [each.event for each in events] == ["message", "state", "bye"]
    assert json.loads(events[1].data)["session_ended"] is True
    assert json.loads(events[2].data)["reason"] == "session_ended"


async def test_one_client_too_many_is_told_to_come_back_later(autojump_clock: MockClock) -> None:
    async with a_hall() as hall:
        session = await hall.newest()
        serving = Serving(hall, lambda: NOW, max_streams=2, check_model=lambda name: None)
        streams = [admitted(serving.place(), reading_chunks(session)) for _ in range(3)]
        async with streams[0] as one, streams[1] as two:
            async with streams[2] as three:
                (bye,) = await Reader(three).rest()
            assert [(await Reader(each).next()).event for each in (one, two)] == ["ready", "ready"]
        assert bye.event == "bye"
        assert json.loads(bye.data) == {"reason": "overload", "retry_ms": OVERLOAD_RETRY_MS}
        async with admitted(serving.place(), reading_chunks(session)) as again:
            assert (await Reader(again).next()).event == "ready"


class _FailingStore(MemoryStore):
    async def read(self, log: str, start: int, stop: int) -> list[Entry]:
        if start:
            raise StoreDown("gone")
        return await super().read(log, start, stop)


async def test_a_store_that_fails_ends_the_stream_but_not_the_others(
    autojump_clock: MockClock,
) -> None:
    async with a_hall(_FailingStore()) as hall:
        session = await hall.newest()
        # Enough to push the beginning out of memory, so that it must be read from the store.
        await say(session, *["x" * 1_000_000] * 20)
        at_end = Start(session.log.cursor)
        second = Cursor(session.log.cursor.log, 2, "0" * 12)
        async with reading(session, at_end) as healthy, reading(session, Start(second)) as broken:
            events = await broken.rest()
            assert [each.event for each in events] == ["ready", "state"]
            await say(session, "still here")
            assert json.loads((await healthy.next("message")).data)["content"] == "still here"
