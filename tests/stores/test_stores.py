"""What every store promises, of each store."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import msgspec
import pytest
import trio

from tests.stores.entries import LOG, OTHER_LOG, entries, record
from trio_agent.core.state import Facts
from trio_agent.seams import Store
from trio_agent.stores.memory import open_memory
from trio_agent.stores.sqlite import open_sqlite


@pytest.fixture(params=["memory", "sqlite"])
async def store(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Store]:
    opening = open_memory() if request.param == "memory" else open_sqlite(tmp_path / "data" / "agent.db")
    async with opening as opened:
        yield opened


async def test_what_was_appended_is_read_back_in_order(store: Store) -> None:
    kept = entries(5)
    await store.append(kept[:2])
    await store.append(kept[2:])
    assert await store.read(LOG, 0, 5) == kept


async def test_a_read_gives_as_many_as_there_are(store: Store) -> None:
    await store.append(entries(3))
    assert await store.read(LOG, 2, 100) == entries(1, begin=2)
    assert await store.read(LOG, 3, 100) == []


async def test_logs_do_not_see_each_other(store: Store) -> None:
    await store.append([*entries(2), *entries(1, log=OTHER_LOG)])
    assert await store.read(LOG, 0, 10) == entries(2)
    assert await store.read(OTHER_LOG, 0, 10) == entries(1, log=OTHER_LOG)


async def test_a_log_that_nobody_wrote_is_empty(store: Store) -> None:
    assert await store.read(LOG, 0, 10) == []


async def test_the_key_and_digest_of_a_post_are_kept(store: Store) -> None:
    keyed = msgspec.structs.replace(entries(1)[0], key="a-key-of-a-client", digest="d" * 64)
    await store.append([keyed])
    assert await store.read(LOG, 0, 1) == [keyed]


async def test_sessions_come_newest_first(store: Store) -> None:
    for number in range(3):
        await store.save(record(f"s{number}", log=f"log{number}"))
    assert [each.session_id for each in await store.sessions()] == ["s2", "s1", "s0"]


async def test_a_clock_that_was_set_back_does_not_reorder_sessions(store: Store) -> None:
    await store.save(record("first", log="log1", created="2026-11-23T12:00:00.000000Z"))
    await store.save(record("second", log="log2", created="2026-11-23T11:00:00.000000Z"))
    assert [each.session_id for each in await store.sessions()] == ["second", "first"]


async def test_saving_again_replaces_and_keeps_the_place(store: Store) -> None:
    await store.save(record("s0", log="log0"))
    await store.save(record("s1", log="log1"))
    renamed = msgspec.structs.replace(record("s0", log="log0"), title="New", facts=Facts(slug="new"), notes={"a": "b"})
    await store.save(renamed)
    assert await store.sessions() == [record("s1", log="log1"), renamed]


async def test_a_deleted_session_takes_its_log_with_it(store: Store) -> None:
    await store.save(record("s0"))
    await store.save(record("s1", log=OTHER_LOG))
    await store.append([*entries(2), *entries(1, log=OTHER_LOG)])
    await store.save(msgspec.structs.replace(record("s0"), deleted=True))
    assert await store.sessions() == [record("s1", log=OTHER_LOG)]
    assert await store.read(LOG, 0, 10) == []
    assert await store.read(OTHER_LOG, 0, 10) == entries(1, log=OTHER_LOG)


async def test_a_cancelled_call_has_changed_nothing(store: Store) -> None:
    with trio.CancelScope() as scope:
        scope.cancel()
        await store.append(entries(1))
    with trio.CancelScope() as scope:
        scope.cancel()
        await store.save(record("s0"))
    assert await store.read(LOG, 0, 1) == []
    assert await store.sessions() == []
