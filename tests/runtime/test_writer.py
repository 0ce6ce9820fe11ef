"""The Writer and the EventLog it serves: durable, then visible, then awake."""

from __future__ import annotations

import pytest
import trio
from trio.testing import wait_all_tasks_blocked

from tests.runtime.house import LOG, HouseStore, auto, make_log
from trio_agent.core.errors import Conflict, StoreDown, StoreError, StoreFull
from trio_agent.core.message import Message
from trio_agent.runtime.log import EventLog
from trio_agent.runtime.writer import MAX_GROUP, Writer
from trio_agent.seams import SessionRecord

OTHER = "zzzzzzzz234567zz"


@pytest.fixture
def store() -> HouseStore:
    return HouseStore()


async def append(log: EventLog, text: str, errors: list[Exception] | None = None) -> None:
    try:
        await log.append([auto(text)])
    except StoreError as exc:
        assert errors is not None
        errors.append(exc)


async def texts(store: HouseStore, log: str = LOG) -> list[bytes]:
    return [entry.wire.split(b'"')[9] for entry in await store.read(log, 0, 10_000)]


async def test_nothing_is_visible_before_it_is_durable(store: HouseStore) -> None:
    log = await make_log(store)
    store.gate = trio.Event()
    before = log._signal.version
    async with trio.open_nursery() as nursery:
        nursery.start_soon(log.append, [auto("a")])
        await wait_all_tasks_blocked()
        assert log.cursor.index == 0
        assert await log.frames_after(log.cursor) == (b"", log.cursor)
        assert log._signal.version == before, "nobody was woken"
        store.gate.set()
    assert log.cursor.index == 1
    assert log._signal.version > before


async def test_an_append_that_returned_is_visible_and_in_the_store(store: HouseStore) -> None:
    log = await make_log(store)
    receipt = await log.append([auto("a"), auto("b")])
    assert [message.idx for message in receipt.messages] == [0, 1]
    assert receipt.cursor == log.cursor
    assert len(await store.read(LOG, 0, 10)) == 2


async def test_readers_wake_with_no_checkpoint_between_durable_and_visible(store: HouseStore) -> None:
    log = await make_log(store)
    seen: list[tuple[int, int]] = []
    log.on_publish = lambda messages: seen.append((len(store._entries[LOG]), log.cursor.index))
    await log.append([auto("a")])
    assert seen == [(1, 1)]


async def test_what_waits_during_a_commit_goes_into_the_next_one_in_order(store: HouseStore) -> None:
    log = await make_log(store)
    store.gate = trio.Event()
    async with trio.open_nursery() as nursery:
        for number in range(50):
            nursery.start_soon(append, log, f"{number}")
            await wait_all_tasks_blocked()
        store.gate.set()
    assert store.groups == [1, 49]
    assert await texts(store) == [b"%d" % number for number in range(50)]


async def test_a_group_has_a_bound_and_those_beyond_it_follow(store: HouseStore) -> None:
    log = await make_log(store)
    store.gate = trio.Event()
    async with trio.open_nursery() as nursery:
        nursery.start_soon(append, log, "first")
        await wait_all_tasks_blocked()
        for number in range(MAX_GROUP + 10):
            nursery.start_soon(append, log, f"{number}")
        await wait_all_tasks_blocked()
        store.gate.set()
    assert store.groups == [1, MAX_GROUP, 10]
    assert log.cursor.index == MAX_GROUP + 11


async def test_logs_that_share_a_writer_share_a_commit(store: HouseStore) -> None:
    writer = Writer(store)
    one, other = await make_log(store, writer), await make_log(store, writer, OTHER)
    store.gate = trio.Event()
    async with trio.open_nursery() as nursery:
        nursery.start_soon(append, one, "first")
        await wait_all_tasks_blocked()
        nursery.start_soon(append, one, "a")
        nursery.start_soon(append, other, "b")
        await wait_all_tasks_blocked()
        store.gate.set()
    assert store.groups == [1, 2]
    assert (one.cursor.index, other.cursor.index) == (2, 1)


async def test_what_the_store_refuses_was_never_there_and_its_index_is_used_again(store: HouseStore) -> None:
    log = await make_log(store)
    await log.append([auto("a")])
    before = log.cursor
    store.refusal = StoreFull("the disk is full")
    with pytest.raises(StoreFull):
        await log.append([auto("lost"), auto("lost too")])
    assert log.cursor == before
    store.refusal = None
    receipt = await log.append([auto("b")])
    assert receipt.messages[0].idx == 1
    assert await texts(store) == [b"a", b"b"]
    assert (await make_log(store)).cursor == log.cursor


async def test_all_that_waited_for_a_refused_commit_hear_of_it_and_the_next_begins_at_the_same_place(
    store: HouseStore,
) -> None:
    writer = Writer(store)
    one, other = await make_log(store, writer), await make_log(store, writer, OTHER)
    await one.append([auto("a")])
    store.gate = trio.Event()
    errors: list[Exception] = []
    async with trio.open_nursery() as nursery:
        nursery.start_soon(append, one, "lost 1", errors)
        await wait_all_tasks_blocked()
        for log, text in ((one, "lost 2"), (other, "lost 3"), (one, "lost 4")):
            nursery.start_soon(append, log, text, errors)
            await wait_all_tasks_blocked()
        store.refusal = StoreDown("gone")
        store.gate.set()
    assert [type(error) for error in errors] == [StoreDown] * 4
    assert len({id(error) for error in errors}) == 4, "each caller raises an exception of its own"
    assert (one.cursor.index, other.cursor.index) == (1, 0)
    store.refusal = None
    await one.append([auto("b")])
    await other.append([auto("c")])
    assert await texts(store) == [b"a", b"b"]
    assert await texts(store, OTHER) == [b"c"]


async def test_an_append_cancelled_before_it_begins_leaves_nothing(store: HouseStore) -> None:
    log = await make_log(store)
    with trio.CancelScope() as scope:
        scope.cancel()
        await log.append([auto("never")])
    assert scope.cancelled_caught
    await log.append([auto("a")])
    assert await texts(store) == [b"a"]


@pytest.mark.parametrize("place", ["in the commit", "waiting for it"])
async def test_an_append_cancelled_after_it_began_is_carried_through(store: HouseStore, place: str) -> None:
    log = await make_log(store)
    store.gate = trio.Event()
    returned: list[int] = []

    scope = trio.CancelScope()

    async def begin_and_count(text: str) -> None:
        with scope:
            returned.append((await log.append([auto(text)])).messages[0].idx)

    async with trio.open_nursery() as nursery:
        if place == "waiting for it":
            nursery.start_soon(append, log, "before")
            await wait_all_tasks_blocked()
        nursery.start_soon(begin_and_count, "kept")
        await wait_all_tasks_blocked()
        scope.cancel()
        await wait_all_tasks_blocked()
        store.gate.set()
    assert (await texts(store))[-1] == b"kept"
    assert returned == [log.cursor.index - 1], "the caller learns what became of it"


async def test_a_closed_log_takes_nothing_but_publishes_what_the_store_has_in_hand(store: HouseStore) -> None:
    log = await make_log(store)
    store.gate = trio.Event()
    refused: list[Exception] = []

    async def late() -> None:
        try:
            await log.append([auto("late")])
        except Conflict as exc:
            refused.append(exc)

    async with trio.open_nursery() as nursery:
        nursery.start_soon(append, log, "in hand")
        await wait_all_tasks_blocked()
        nursery.start_soon(late)
        await wait_all_tasks_blocked()
        log.close()
        store.gate.set()
    assert len(refused) == 1
    assert await texts(store) == [b"in hand"]
    log.reopen()
    await log.append([auto("again")])
    assert log.cursor.index == 2


async def test_a_record_is_saved_after_the_appends_that_came_before_it(store: HouseStore) -> None:
    writer = Writer(store)
    log = await make_log(store, writer)
    store.gate = trio.Event()
    gone = SessionRecord(session_id="s", log=LOG, created="", deleted=True)
    async with trio.open_nursery() as nursery:
        nursery.start_soon(append, log, "a")
        await wait_all_tasks_blocked()
        nursery.start_soon(append, log, "b")
        await wait_all_tasks_blocked()
        nursery.start_soon(writer.save, gone)
        await wait_all_tasks_blocked()
        store.gate.set()
    assert await store.read(LOG, 0, 10) == []


async def test_a_message_that_cannot_be_encoded_fails_alone(store: HouseStore) -> None:
    log = await make_log(store)
    store.gate = trio.Event()
    failed: list[Exception] = []

    async def broken() -> None:
        try:
            await log.append([Message(display={"kind": object()})])
        except TypeError as exc:
            failed.append(exc)

    async with trio.open_nursery() as nursery:
        for task in (lambda: append(log, "a"), broken, lambda: append(log, "b")):
            nursery.start_soon(task)
            await wait_all_tasks_blocked()
        store.gate.set()
    assert len(failed) == 1
    assert await texts(store) == [b"a", b"b"]
