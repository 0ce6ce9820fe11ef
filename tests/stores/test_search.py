"""Search in a store on disk: an index that is never in the store's way, and never says what the store does not."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, closing
from pathlib import Path

import apsw
import msgspec
import pytest
import trio

from tests.stores.entries import LOG, OTHER_LOG, record
from trio_agent.core.cursor import FIRST_TAG, next_tag
from trio_agent.core.errors import StoreDown
from trio_agent.core.message import Message
from trio_agent.core.search import fits, query_of
from trio_agent.core.wire import encode_json
from trio_agent.seams import Entry, Found
from trio_agent.stores.search_index import INDEX_SUFFIX, SearchIndex
from trio_agent.stores.sqlite import SqliteStore, open_sqlite

MANY = 10_000


def said(*texts: str, log: str = LOG) -> list[Entry]:
    """Messages that say so, chained as a log chains them."""
    made: list[Entry] = []
    tag = FIRST_TAG
    for index, text in enumerate(texts):
        wire = encode_json(Message(type="agent", content=text, idx=index))
        tag = next_tag(tag, wire)
        made.append(Entry(log, index, wire, tag))
    return made


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "data" / "agent.db"


@pytest.fixture
def index_path(path: Path) -> Path:
    return Path(f"{path}{INDEX_SUFFIX}")


@asynccontextmanager
async def opened(path: Path) -> AsyncIterator[SqliteStore]:
    """The store, with a task that keeps its index."""
    async with open_sqlite(path) as store, trio.open_nursery() as nursery:
        nursery.start_soon(store.keep_index)
        yield store
        nursery.cancel_scope.cancel()


def mode_of(path: Path) -> int:
    """0 where nothing is."""
    return path.stat().st_mode & 0o777 if path.exists() else 0


def put(path: Path, data: bytes) -> None:
    path.write_bytes(data)


def taken_away(index_path: Path) -> bytes:
    """The index, of which the folder is emptied."""
    kept = index_path.read_bytes()
    for each in index_path.parent.iterdir():
        each.unlink()
    return kept


def damage_index(index_path: Path, damage: str) -> None:
    whole = index_path.read_bytes()
    match damage:
        case "nothing":
            index_path.write_bytes(b"")
        case "noise":
            index_path.write_bytes(b"\xa5" * 50_000)
        case "cut":
            index_path.write_bytes(whole[:5000])
        case _:
            pragma = "application_id" if damage == "another program's" else "user_version"
            with closing(apsw.Connection(str(index_path))) as connection:
                connection.execute(f"PRAGMA {pragma} = 99")


async def find(store: SqliteStore, text: str, logs: Sequence[str] = (LOG,), limit: int = MANY) -> Found:
    """What is found once the index is up to date."""
    while not (found := await store.find(query_of(text), logs, limit)).complete:
        pass
    return found


async def indices(store: SqliteStore, text: str) -> list[int]:
    return [index for _, index in (await find(store, text)).places]


async def test_what_was_said_just_now_is_found_newest_first(path: Path) -> None:
    async with opened(path) as store:
        await store.save(record("s0"))
        await store.append(said("the first needle", "hay", "Needles again"))
        assert await find(store, "needle") == Found(((LOG, 2), (LOG, 0)))


async def test_only_the_logs_that_are_named_are_looked_at(path: Path) -> None:
    async with opened(path) as store:
        await store.save(record("s0"))
        await store.save(record("s1", log=OTHER_LOG))
        await store.append([*said("needle"), *said("needle", log=OTHER_LOG)])
        assert await find(store, "needle", [OTHER_LOG]) == Found(((OTHER_LOG, 0),))
        assert await find(store, "needle", []) == Found(())


async def test_no_more_are_found_than_asked_for(path: Path) -> None:
    async with opened(path) as store:
        await store.save(record("s0"))
        await store.append(said(*["needle"] * 5))
        assert await find(store, "needle", limit=2) == Found(((LOG, 4), (LOG, 3)))


@pytest.mark.parametrize(
    "text",
    [
        "needle OR hay",
        '"needle',
        "needle*)",
        "words:needle",
        "needle NOT hay",
        "{words}: needle",
        "NEAR(needle hay)",
        "^needle",
        "needle') --",
        "needle\0",
        "ne-edle",
        "+needle",
        "needle AND",
    ],
)
async def test_whatever_is_typed_is_words_and_no_command(path: Path, text: str) -> None:
    async with opened(path) as store:
        await store.save(record("s0"))
        texts = ["needle hay", "or", "words needle and more, not hay near", "near the needle or in the hay", "ne edle"]
        await store.append(said(*texts))
        fitting = [index for index, each in enumerate(texts) if fits(each, query_of(text))]
        assert await indices(store, text) == fitting[::-1]


async def test_a_store_from_before_there_was_an_index_is_taken_in(path: Path, index_path: Path) -> None:
    async with open_sqlite(path) as store:
        await store.save(record("s0"))
        await store.append(said(*(f"message {number}" for number in range(1000)), "needle"))
    assert mode_of(index_path) == 0, "there is none yet"
    async with opened(path) as store:
        assert await indices(store, "needle") == [1000]
    assert mode_of(index_path) == 0o600


async def test_what_an_index_missed_is_taken_in_when_the_store_is_opened(path: Path) -> None:
    texts = [f"needle {number}" for number in range(10)]
    async with opened(path) as store:
        await store.save(record("s0"))
        await store.append(said(*texts)[:5])
        assert len(await indices(store, "needle")) == 5
    async with open_sqlite(path) as store:
        await store.append(said(*texts)[5:])
    async with opened(path) as store:
        assert await indices(store, "needle") == list(range(9, -1, -1))


async def test_an_index_of_another_past_of_the_store_is_mended(path: Path, index_path: Path) -> None:
    async with opened(path) as store:
        await store.save(record("s0"))
        await store.append(said("needle", "hay", "needle"))
        assert await indices(store, "needle") == [2, 0]
    kept = taken_away(index_path)
    async with open_sqlite(path) as store:
        await store.save(record("s0"))
        await store.append(said("hay", "needle", "hay"))
    put(index_path, kept)
    async with opened(path) as store:
        assert await indices(store, "needle") == [1]


@pytest.mark.parametrize("damage", ["nothing", "noise", "cut", "another program's", "another version's"])
async def test_an_index_that_cannot_be_used_is_made_anew(path: Path, index_path: Path, damage: str) -> None:
    async with opened(path) as store:
        await store.save(record("s0"))
        await store.append(said("needle"))
        assert await indices(store, "needle") == [0]
    damage_index(index_path, damage)
    async with opened(path) as store:
        assert await indices(store, "needle") == [0]


async def test_a_deleted_session_is_found_no_more_and_its_words_leave_the_index(path: Path, index_path: Path) -> None:
    async with opened(path) as store:
        await store.save(record("s0"))
        await store.append(said("needle"))
        assert await indices(store, "needle") == [0]
        await store.save(msgspec.structs.replace(record("s0"), deleted=True))
        assert await indices(store, "needle") == []
    with closing(SearchIndex(index_path)) as index:
        assert index.taken() == {}


async def test_an_append_does_not_wait_for_the_index(path: Path, index_path: Path) -> None:
    async with opened(path) as store:
        await store.save(record("s0"))
        await store.append(said("first"))
        await find(store, "first")
        with closing(apsw.Connection(str(index_path))) as holder:
            holder.execute("BEGIN IMMEDIATE")
            await store.append(said("first", "needle")[1:])
            assert len(await store.read(LOG, 0, 9)) == 2
            with pytest.raises(StoreDown):
                await store.find(query_of("needle"), [LOG], 9)


async def test_a_damaged_message_does_not_keep_other_logs_from_being_found(path: Path) -> None:
    async with open_sqlite(path) as store:
        await store.save(record("s0"))
        await store.save(record("s1", log=OTHER_LOG))
        await store.append([*said("hay", "needle"), *said("needle", log=OTHER_LOG)])
    with closing(apsw.Connection(str(path))) as connection:
        connection.execute("UPDATE message SET wire = CAST('{}' AS BLOB) WHERE log = ? AND idx = 0", (LOG,))
    async with opened(path) as store:
        assert (await find(store, "needle", [LOG, OTHER_LOG])).places == ((OTHER_LOG, 0),)
