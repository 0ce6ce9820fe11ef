"""Files that are refused: told in one line, and left as they are."""

from __future__ import annotations

import os
from collections.abc import Awaitable, Callable
from contextlib import closing
from pathlib import Path

import apsw
import pytest

from tests.stores.entries import LOG, entries, record
from trio_agent.core.errors import StoreRefused
from trio_agent.stores.sqlite import SqliteReader, open_sqlite
from trio_agent.stores.sqlite_file import SCHEMA_VERSION


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "agent.db"


async def make_store(path: Path) -> None:
    async with open_sqlite(path) as store:
        await store.append(entries(200, size=400))


async def make_newer(path: Path) -> None:
    await make_store(path)
    connection = apsw.Connection(str(path))
    connection.pragma("user_version", SCHEMA_VERSION + 1)
    connection.close()


async def make_foreign(path: Path) -> None:
    connection = apsw.Connection(str(path))
    connection.execute("CREATE TABLE recipe (name TEXT); INSERT INTO recipe VALUES ('soup')")
    connection.close()


async def make_foreign_with_id(path: Path) -> None:
    await make_foreign(path)
    connection = apsw.Connection(str(path))
    connection.pragma("application_id", 0x42424242)
    connection.pragma("user_version", 7)
    connection.close()


async def make_damaged(path: Path) -> None:
    await make_store(path)
    content = bytearray(content_of(path))
    middle = len(content) // 2
    content[middle : middle + 8192] = b"\xff" * 8192
    put(path, bytes(content))


async def make_cut(path: Path) -> None:
    await make_store(path)
    put(path, content_of(path)[:-20_000])


async def make_other(path: Path) -> None:
    put(path, b"Dear diary, " * 1000)


def put(path: Path, content: bytes) -> None:
    path.write_bytes(content)


def content_of(path: Path) -> bytes:
    return path.read_bytes()


REFUSED = [
    (make_newer, "newer trio-agent"),
    (make_foreign, "another program"),
    (make_foreign_with_id, "another program"),
    (make_damaged, "damaged"),
    (make_cut, "damaged"),
    (make_other, "damaged|not a database"),
]


@pytest.mark.parametrize(("make", "told"), REFUSED, ids=lambda value: getattr(value, "__name__", ""))
async def test_a_file_that_is_refused_stays_as_it_was(
    path: Path, make: Callable[[Path], Awaitable[None]], told: str
) -> None:
    await make(path)
    os.chmod(path, 0o640)
    before = content_of(path), os.stat(path).st_mode
    with pytest.raises(StoreRefused, match=told) as caught:
        async with open_sqlite(path):
            pytest.fail("it was opened")
    assert "\n" not in str(caught.value)
    assert str(path) in str(caught.value)
    assert (content_of(path), os.stat(path).st_mode) == before


@pytest.mark.parametrize(("make", "told"), [REFUSED[0], REFUSED[1], REFUSED[5]], ids=["newer", "foreign", "other"])
async def test_a_reader_refuses_what_is_no_store_of_ours(
    path: Path, make: Callable[[Path], Awaitable[None]], told: str
) -> None:
    await make(path)
    with pytest.raises(StoreRefused, match=told):
        SqliteReader(path)


async def test_a_reader_makes_no_file(path: Path) -> None:
    with pytest.raises(StoreRefused):
        SqliteReader(path)
    assert not os.listdir(path.parent)


async def test_a_reader_looks_on_while_another_writes(path: Path) -> None:
    async with open_sqlite(path) as store:
        reader = SqliteReader(path)
        await store.append(entries(3))
        assert await reader.count(LOG) == 3
        assert await reader.read(LOG, 1, 3) == entries(2, begin=1)
        reader.close()


@pytest.mark.parametrize("folder", ["a file", "/proc"])
async def test_where_no_file_can_be_made_another_place_is_asked_for(tmp_path: Path, folder: str) -> None:
    put(tmp_path / "a file", b"")
    # /proc takes no files, not even root's, who may write to every ordinary folder.
    path = tmp_path / folder / "agent.db"
    with pytest.raises(StoreRefused, match="--store") as caught:
        async with open_sqlite(path):
            pytest.fail("it was opened")
    assert "\n" not in str(caught.value)
    assert str(path) in str(caught.value)


async def test_a_folder_in_the_file_s_place_is_refused(path: Path) -> None:
    os.mkdir(path)
    with pytest.raises(StoreRefused):
        async with open_sqlite(path):
            pytest.fail("it was opened")
    assert os.listdir(path) == []


async def make_session(path: Path) -> None:
    async with open_sqlite(path) as store:
        await store.save(record("s0"))
        await store.append(entries(3))


def change(path: Path, old: bytes, new: bytes) -> None:
    content = content_of(path)
    assert content.count(old) == 1
    put(path, content.replace(old, new))


async def test_a_letter_that_changed_in_a_session_is_refused(path: Path) -> None:
    await make_session(path)
    change(path, b"/srv/project", b"/srv/prefect")
    async with open_sqlite(path) as store:
        with pytest.raises(StoreRefused, match="the record of session s0 is damaged"):
            await store.sessions()


async def test_a_letter_that_changed_in_a_message_is_refused(path: Path) -> None:
    await make_session(path)
    change(path, b'{"content":"1 ', b'{"content":"7 ')
    async with open_sqlite(path) as store:
        with pytest.raises(StoreRefused, match=r"message 1 of log .* is damaged"):
            await store.read(LOG, 0, 10)


async def test_a_message_that_an_index_lacks_is_missed(path: Path) -> None:
    """It would not be found, and nothing but the index says that it is there."""
    await make_session(path)
    with closing(apsw.Connection(str(path))) as connection:
        connection.execute("PRAGMA writable_schema = ON")
        kept = list(connection.execute("SELECT * FROM sqlite_schema WHERE name = 'message_key'"))
        connection.execute("DELETE FROM sqlite_schema WHERE name = 'message_key'")
    with closing(apsw.Connection(str(path))) as connection:
        connection.execute("UPDATE message SET key = 'a-key-of-ours' WHERE idx = 2")
        connection.execute("PRAGMA writable_schema = ON")
        connection.executemany("INSERT INTO sqlite_schema VALUES (?, ?, ?, ?, ?)", kept)
    with pytest.raises(StoreRefused, match=r"missing from index message_key"):
        async with open_sqlite(path):
            pytest.fail("it was opened")
