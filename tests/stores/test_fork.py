"""A log that begins as another did, in each store."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import closing
from pathlib import Path

import apsw
import msgspec
import pytest

from tests.stores.entries import LOG, OTHER_LOG, entries, record
from trio_agent.core.errors import StoreRefused
from trio_agent.seams import Fork
from trio_agent.stores.memory import MemoryStore, open_memory
from trio_agent.stores.sqlite import SqliteStore, open_sqlite

FORKED = msgspec.structs.replace(record("fork", log=OTHER_LOG), forked_from=Fork(session_id="s0", index=3, title="One"))


@pytest.fixture(params=["memory", "sqlite"])
async def store(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[MemoryStore | SqliteStore]:
    opening = open_memory() if request.param == "memory" else open_sqlite(tmp_path / "data" / "agent.db")
    async with opening as opened:
        await opened.save(record("s0"))
        await opened.append(entries(5))
        yield opened


async def test_a_fork_has_the_first_messages_byte_by_byte_and_the_other_log_is_untouched(
    store: MemoryStore | SqliteStore,
) -> None:
    await store.fork(FORKED, LOG, 3)
    assert await store.read(OTHER_LOG, 0, 10) == entries(3, log=OTHER_LOG)
    assert await store.read(LOG, 0, 10) == entries(5)
    assert await store.sessions() == [FORKED, record("s0")]


async def test_a_fork_goes_on_by_itself(store: MemoryStore | SqliteStore) -> None:
    await store.fork(FORKED, LOG, 3)
    await store.append(entries(1, log=OTHER_LOG, begin=3, size=99))
    await store.save(msgspec.structs.replace(record("s0"), deleted=True))
    assert len(await store.read(OTHER_LOG, 0, 10)) == 4


async def test_the_keys_of_posts_stay_with_the_log_they_were_posted_to(store: MemoryStore | SqliteStore) -> None:
    keyed = msgspec.structs.replace(entries(1, begin=5)[0], key="a-key-of-a-client", digest="d" * 64)
    await store.append([keyed])
    await store.fork(FORKED, LOG, 6)
    assert (await store.read(OTHER_LOG, 5, 6))[0].key == ""


async def test_a_fork_of_more_than_there_is_leaves_nothing(store: MemoryStore | SqliteStore) -> None:
    with pytest.raises(StoreRefused):
        await store.fork(FORKED, LOG, 6)
    assert await store.read(OTHER_LOG, 0, 10) == []
    assert await store.sessions() == [record("s0")]


async def test_a_damaged_message_is_not_copied_under_a_new_seal(tmp_path: Path) -> None:
    path = tmp_path / "agent.db"
    async with open_sqlite(path) as store:
        await store.save(record("s0"))
        await store.append(entries(5))
        with closing(apsw.Connection(str(path))) as connection:
            connection.execute("UPDATE message SET wire = CAST('{}' AS BLOB) WHERE idx = 1")
        with pytest.raises(StoreRefused, match="damaged"):
            await store.fork(FORKED, LOG, 3)
        assert await store.sessions() == [record("s0")]
        await store.fork(FORKED, LOG, 1)
