"""The EventLog: keys, cursors, replay in chunks, and what it finds again after a restart."""

from __future__ import annotations

import hashlib

import msgspec
import pytest
import trio
from trio.testing import wait_all_tasks_blocked

from tests.runtime.house import LOG, HouseStore, auto, events, make_log
from trio_agent.core.cursor import Cursor, start_of
from trio_agent.core.errors import KeyReused, NotFound, StoreDown, StoreRefused
from trio_agent.runtime.log import CHUNK_BYTES, EventLog

KEY = "a-key-of-a-client"


@pytest.fixture
def store() -> HouseStore:
    return HouseStore()


async def read_all(log: EventLog, cursor: Cursor) -> tuple[list[bytes], Cursor]:
    """All chunks from `cursor` to the end."""
    chunks = []
    while True:
        chunk, cursor = await log.frames_after(cursor)
        if not chunk:
            return chunks, cursor
        chunks.append(chunk)


# ------------------------------------------------------------------------------------------------------------- tags


async def test_the_tags_are_those_of_the_contract(store: HouseStore) -> None:
    log = await make_log(store)
    tag = "0" * 12
    assert log.cursor == Cursor(LOG, 0, tag)
    for number in range(3):
        receipt = await log.append([auto(f"ü {number}")])
        (wire,) = await log.page(number, number + 1)
        tag = hashlib.sha256(tag.encode() + wire).hexdigest()[:12]
        assert receipt.cursor == log.cursor == Cursor(LOG, number + 1, tag)


async def test_a_frame_carries_the_cursor_after_its_message_and_the_bytes_that_are_kept(store: HouseStore) -> None:
    log = await make_log(store)
    receipts = [await log.append([auto("a")]), await log.append([auto("b")])]
    told = events((await log.frames_after(start_of(LOG)))[0])
    assert [event.event for event in told] == ["message", "message"]
    assert [event.id for event in told] == [str(receipt.cursor) for receipt in receipts]
    assert [event.data.encode() for event in told] == await log.page(0, 2)


async def test_index_and_time_are_set_by_the_log(store: HouseStore) -> None:
    log = await make_log(store)
    given = msgspec.structs.replace(auto("a"), idx=77)
    (message,) = (await log.append([given])).messages
    assert message.idx == 0
    assert message.timestamp == "2026-11-18T11:06:40.000000Z"


# ------------------------------------------------------------------------------------------------------------- keys


async def test_a_key_that_came_before_is_answered_with_the_first_receipt(store: HouseStore) -> None:
    log = await make_log(store)
    first = await log.append([auto("a")], key=KEY, digest="1")
    await log.append([auto("b")])
    again = await log.append([auto("a")], key=KEY, digest="1")
    assert (again.cursor, again.replayed) == (first.cursor, True)
    assert log.cursor.index == 2


async def test_a_key_with_another_body_is_refused(store: HouseStore) -> None:
    log = await make_log(store)
    await log.append([auto("a")], key=KEY, digest="1")
    with pytest.raises(KeyReused):
        await log.append([auto("b")], key=KEY, digest="2")
    assert log.cursor.index == 1


@pytest.mark.parametrize("count", [1, 3])
async def test_a_key_is_known_after_a_restart(store: HouseStore, count: int) -> None:
    messages = [auto(f"{number}") for number in range(count)]
    first = await (await make_log(store)).append(messages, key=KEY, digest="1")
    log = await make_log(store)
    again = await log.append(messages, key=KEY, digest="1")
    assert (again.cursor, again.replayed) == (first.cursor, True)
    with pytest.raises(KeyReused):
        await log.append([auto("b")], key=KEY, digest="2")
    assert log.cursor.index == count


async def test_of_two_posts_with_one_key_at_once_one_is_recorded(store: HouseStore) -> None:
    log = await make_log(store)
    store.gate = trio.Event()
    receipts = []

    async def post() -> None:
        receipts.append(await log.append([auto("a")], key=KEY, digest="1"))

    async with trio.open_nursery() as nursery:
        nursery.start_soon(log.append, [auto("before")])
        await wait_all_tasks_blocked()
        nursery.start_soon(post)
        nursery.start_soon(post)
        await wait_all_tasks_blocked()
        store.gate.set()
    assert sorted(receipt.replayed for receipt in receipts) == [False, True]
    assert receipts[0].cursor == receipts[1].cursor
    assert log.cursor.index == 2


async def test_a_key_whose_post_the_store_refused_may_come_again(store: HouseStore) -> None:
    log = await make_log(store)
    store.refusal = StoreDown("gone")
    with pytest.raises(StoreDown):
        await log.append([auto("a")], key=KEY, digest="1")
    store.refusal = None
    receipt = await log.append([auto("b")], key=KEY, digest="2")
    assert not receipt.replayed
    assert log.cursor.index == 1


async def test_a_repetition_in_a_group_that_is_refused_is_refused_with_it(store: HouseStore) -> None:
    log = await make_log(store)
    store.gate = trio.Event()
    outcomes: list[str] = []

    async def post() -> None:
        try:
            await log.append([auto("a")], key=KEY, digest="1")
        except StoreDown:
            outcomes.append("refused")

    async with trio.open_nursery() as nursery:
        for _ in range(3):
            nursery.start_soon(post)
            await wait_all_tasks_blocked()
        store.refusal = StoreDown("gone")
        store.gate.set()
    assert outcomes == ["refused"] * 3
    assert log.cursor.index == 0


# ------------------------------------------------------------------------------------------------- where a reader is


@pytest.mark.parametrize("tail", [1, 600, 10_000_000])
async def test_every_place_is_found_also_below_what_memory_holds(store: HouseStore, tail: int) -> None:
    log = await make_log(store, tail=tail)
    cursors = [log.cursor, *[(await log.append([auto(f"{number}")])).cursor for number in range(20)]]
    assert [await log.locate(index) for index in range(21)] == cursors
    again = await make_log(store, tail=tail)
    assert [await again.locate(index) for index in range(21)] == cursors


@pytest.mark.parametrize("tail", [1, 10_000_000])
async def test_a_reader_goes_on_from_every_cursor_it_was_given(store: HouseStore, tail: int) -> None:
    log = await make_log(store, tail=tail)
    cursors = [log.cursor, *[(await log.append([auto(f"{number}")])).cursor for number in range(9)]]
    for cursor in cursors:
        assert await log.resume(cursor) == (cursor, None)


@pytest.mark.parametrize("tail", [1, 10_000_000])
@pytest.mark.parametrize(
    ("cursor", "reason"),
    [
        (None, "bad_cursor"),
        (Cursor("zzzzzzzz234567zz", 2, "0" * 12), "new_log"),
        (Cursor(LOG, 6, "0" * 12), "ahead"),
        (Cursor(LOG, 10**14, "0" * 12), "ahead"),
        (Cursor(LOG, 5, "0" * 12), "diverged"),
        (Cursor(LOG, 2, "0" * 12), "diverged"),
        (Cursor(LOG, 0, "f" * 12), "diverged"),
    ],
)
async def test_a_cursor_that_cannot_be_followed_begins_anew_and_says_why(
    store: HouseStore, cursor: Cursor | None, reason: str, tail: int
) -> None:
    log = await make_log(store, tail=tail)
    for number in range(5):
        await log.append([auto(f"{number}")])
    assert await log.resume(cursor) == (start_of(LOG), reason)


# ----------------------------------------------------------------------------------------------------------- replay


@pytest.mark.parametrize("tail", [1, 100_000, 10_000_000])
async def test_a_replay_is_whole_from_every_place_in_chunks_of_a_bounded_size(store: HouseStore, tail: int) -> None:
    log = await make_log(store, tail=tail)
    for number in range(40):
        await log.append([auto(f"{number}".ljust(30_000, "."))])
    for begin in (0, 1, 17, 36, 39, 40):
        chunks, end = await read_all(log, await log.locate(begin))
        assert end == log.cursor
        assert [int(event.id.split(".")[1]) for event in events(b"".join(chunks))] == list(range(begin + 1, 41))
        assert all(len(chunk) < CHUNK_BYTES + 31_000 for chunk in chunks)
        assert len(chunks) <= 6


async def test_a_replay_from_the_store_reads_no_more_than_it_sends(store: HouseStore) -> None:
    log = await make_log(store, tail=1)
    for _ in range(8):
        await log.append([auto("." * CHUNK_BYTES)])
    store.asked.clear()
    await read_all(log, start_of(LOG))
    assert store.asked == [1] * 8, "a chunk holds one of these; reading hundreds of them would fill the memory"


async def test_a_page_is_of_a_bounded_size_and_holds_one_message_at_least(store: HouseStore) -> None:
    log = await make_log(store)
    for size in (*[30_000] * 20, 2 * CHUNK_BYTES, 2 * CHUNK_BYTES, 10):
        await log.append([auto("." * size)])
    pages = []
    while sum(pages) < 23:
        page = await log.page(sum(pages), 23)
        assert len(page) == 1 or sum(map(len, page[:-1])) < CHUNK_BYTES
        pages.append(len(page))
    assert pages == [9, 9, 3, 1, 1]
    assert await log.page(5, 7) == (await log.page(5, 23))[:2]
    assert await log.page(23, 23) == []


async def test_a_page_of_a_log_that_was_deleted_is_not_found(store: HouseStore) -> None:
    log = await make_log(store)
    await log.append([auto("a")])
    del store._entries[LOG]
    with pytest.raises(NotFound):
        await log.page(0, 1)


async def test_readers_at_one_place_share_the_joined_bytes(store: HouseStore) -> None:
    log = await make_log(store)
    await log.append([auto("a"), auto("b")])
    one, _ = await log.frames_after(start_of(LOG))
    other, _ = await log.frames_after(start_of(LOG))
    assert one is other


async def test_the_end_of_the_log_is_read_without_the_store(store: HouseStore) -> None:
    log = await make_log(store)
    await log.append([auto("a")])
    before = store.reads
    await log.frames_after(start_of(LOG))
    await log.resume(log.cursor)
    assert store.reads == before


async def test_memory_holds_a_bounded_end_of_the_log(store: HouseStore) -> None:
    log = await make_log(store, tail=10_000)
    for number in range(500):
        await log.append([auto(f"{number}".ljust(100, "."))])
    assert sum(map(len, log._tail)) <= 10_000
    assert len(log._tail) == len(log._tail_starts)
    await log.append([auto("." * 20_000)])
    chunks, end = await read_all(log, start_of(LOG))
    assert (len(events(b"".join(chunks))), end) == (501, log.cursor)


# ---------------------------------------------------------------------------------------------------------- restart


async def test_a_log_is_found_again_as_it_was(store: HouseStore) -> None:
    log = await make_log(store)
    for number in range(1200):
        await log.append([auto(f"{number}")])
    again = await make_log(store)
    assert again.cursor == log.cursor
    assert await read_all(again, start_of(LOG)) == await read_all(log, start_of(LOG))
    assert (await again.append([auto("next")])).messages[0].idx == 1200


async def test_while_a_log_of_long_messages_is_opened_others_get_their_turn(store: HouseStore) -> None:
    log = await make_log(store)
    for _ in range(20):
        await log.append([auto("." * CHUNK_BYTES)])
    turns = 0

    async def take_turns() -> None:
        nonlocal turns
        while True:
            await trio.lowlevel.checkpoint()
            turns += 1

    async with trio.open_nursery() as nursery:
        nursery.start_soon(take_turns)
        await make_log(store)
        nursery.cancel_scope.cancel()
    assert turns >= 20


@pytest.mark.parametrize("change", ["content", "order", "gap", "no message"])
async def test_a_log_whose_content_was_changed_is_refused(store: HouseStore, change: str) -> None:
    log = await make_log(store)
    for number in range(5):
        await log.append([auto(f"{number}")])
    kept = store._entries[LOG]
    match change:
        case "content":
            kept[2] = msgspec.structs.replace(kept[2], wire=kept[2].wire.replace(b'"2"', b'"9"'))
        case "order":
            kept[2], kept[3] = kept[3], kept[2]
        case "gap":
            del kept[2]
        case "no message":
            kept[:] = []
            await (await make_log(store)).append([auto("x")])
            wire = b'{"type":"of the future"}'
            tag = hashlib.sha256(kept[0].tag.encode() + wire).hexdigest()[:12]
            kept.append(msgspec.structs.replace(kept[0], index=1, wire=wire, tag=tag))
    with pytest.raises(StoreRefused, match=LOG) as caught:
        await make_log(store)
    assert "\n" not in str(caught.value)
