"""The blobs of deleted sessions: they go with the last session that refers to them, and with no other."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

import pytest
import trio
from structlog.testing import capture_logs
from trio.testing import MockClock, wait_all_tasks_blocked

from tests.runtime.house import NOW, PROJECT, HouseAgent, HouseStore, at_rest
from trio_agent.core.errors import NotFound, StoreRefused
from trio_agent.core.message import Message
from trio_agent.runtime.hall import Hall, open_hall
from trio_agent.runtime.session import Session
from trio_agent.seams import Entry, SessionHandle
from trio_agent.stores.blobs import MemoryBlobs


@pytest.fixture
def store() -> HouseStore:
    return HouseStore()


@pytest.fixture
def blobs() -> MemoryBlobs:
    return MemoryBlobs()


@asynccontextmanager
async def hall_with(store: HouseStore, blobs: MemoryBlobs, agent: HouseAgent | None = None) -> AsyncIterator[Hall]:
    async with open_hall(store, agent or HouseAgent(), project=PROJECT, clock=lambda: NOW, blobs=blobs) as hall:
        yield hall


async def show(session: Session, *shown: str) -> None:
    await session.record(Message(type="tool", display={"kind": "images", "images": [{"blob": each} for each in shown]}))


async def is_there(blobs: MemoryBlobs, blob: str) -> bool:
    try:
        await blobs.get(blob)
    except NotFound:
        return False
    return True


async def test_a_deleted_session_takes_along_what_it_alone_refers_to(
    store: HouseStore, blobs: MemoryBlobs, autojump_clock: MockClock
) -> None:
    mine, shared, other = [await blobs.put(data) for data in (b"mine", b"shared", b"other")]
    async with hall_with(store, blobs) as hall:
        one, two = await hall.newest(), await hall.create()
        for _ in range(600):
            await one.record(Message(content="more than is read at a time"))
        await show(one, mine, shared)
        await show(two, shared, other)
        await trio.sleep(1)
        await hall.delete(one.id)
        assert [await is_there(blobs, each) for each in (mine, shared, other)] == [False, True, True]
        await hall.delete(two.id)
        assert [await is_there(blobs, each) for each in (shared, other)] == [False, False]


async def test_what_a_session_of_another_project_refers_to_stays(
    store: HouseStore, blobs: MemoryBlobs, autojump_clock: MockClock
) -> None:
    blob = await blobs.put(b"data")
    async with open_hall(store, HouseAgent(), project="/srv/other", clock=lambda: NOW) as hall:
        await show(await hall.newest(), blob)
    async with hall_with(store, blobs) as hall:
        session = await hall.newest()
        await show(session, blob)
        await trio.sleep(1)
        await hall.delete(session.id)
    assert await is_there(blobs, blob)


async def test_what_a_running_turn_has_put_and_not_yet_recorded_stays(
    store: HouseStore, blobs: MemoryBlobs, autojump_clock: MockClock
) -> None:
    record = trio.Event()

    async def turn(session: SessionHandle, prompts: Sequence[Message]) -> None:
        blob = await blobs.put(b"data")
        await record.wait()
        await session.record(Message(type="tool", display={"blob": blob}))

    blob = await blobs.put(b"data")
    async with hall_with(store, blobs, HouseAgent(turn)) as hall:
        old, other = await hall.newest(), await hall.create()
        await show(old, blob)
        await trio.sleep(1)
        await other.post("hello")
        await wait_all_tasks_blocked()
        await trio.sleep(100)
        await hall.delete(old.id)
        assert await is_there(blobs, blob)
        record.set()
        await at_rest(other)
        await trio.sleep(1)
        await hall.delete(other.id)
        assert not await is_there(blobs, blob)


async def test_while_another_log_cannot_be_read_nothing_is_deleted_that_it_may_refer_to(
    blobs: MemoryBlobs, autojump_clock: MockClock
) -> None:
    blob = await blobs.put(b"data")

    class Unreadable(HouseStore):
        log = ""

        async def read(self, log: str, start: int, stop: int) -> list[Entry]:
            if log == self.log:
                raise StoreRefused(f"message 0 of log {log} is damaged")
            return await super().read(log, start, stop)

    broken_store = Unreadable()
    async with hall_with(broken_store, blobs) as hall:
        broken, session = await hall.newest(), await hall.create()
        await show(session, blob)
        await trio.sleep(1)
        broken_store.log = broken.kept.log
        with capture_logs() as logs:
            await hall.delete(session.id)
        assert [(each["event"], each["session"]) for each in logs] == [("blobs_not_forgotten", session.id)]
        assert await is_there(blobs, blob)
