"""Restored stores: the same content under other log ids, and nothing lost of what was there before."""

from __future__ import annotations

import os
from contextlib import closing
from pathlib import Path

import apsw
import msgspec
import pytest

from tests.stores.entries import LOG, OTHER_LOG, entries, record
from trio_agent.core.errors import StoreRefused
from trio_agent.core.state import Facts
from trio_agent.stores.backup import Contents, back_up
from trio_agent.stores.restore import Restored, restore
from trio_agent.stores.sqlite import open_sqlite

KEYED = msgspec.structs.replace(entries(1, log=OTHER_LOG)[0], key="the-key-of-a-post", digest="d" * 64)
TITLED = msgspec.structs.replace(
    record("s0"), title="A title", facts=Facts(slug="a-slug"), notes={"workspace": "/w"}, turn_from=3, archived=True
)


@pytest.fixture
async def backup(tmp_path: Path) -> Path:
    """Two sessions, of five messages and of one."""
    source, target = tmp_path / "source.db", tmp_path / "backup.db"
    async with open_sqlite(source) as store:
        await store.save(TITLED)
        await store.save(record("s1", log=OTHER_LOG))
        await store.append([*entries(5), KEYED])
    back_up(source, target)
    return target


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "data" / "agent.db"


def names(folder: Path) -> list[str]:
    return sorted(os.listdir(folder))


def overwrite(path: Path, old: bytes, new: bytes) -> None:
    content = path.read_bytes()
    assert old in content
    path.write_bytes(content.replace(old, new))


def content_of(path: Path) -> bytes:
    return path.read_bytes()


def put(path: Path, content: bytes) -> None:
    path.write_bytes(content)


def wal_of(path: Path) -> Path:
    return Path(f"{path}-wal")


async def fill(path: Path) -> None:
    async with open_sqlite(path) as store:
        await store.save(record("here"))
        await store.append(entries(2))


async def test_sessions_come_back_as_they_were_but_for_their_logs_names(backup: Path, path: Path) -> None:
    assert restore(backup, path) == Restored(Contents(sessions=2, messages=6), moved_to=None)
    async with open_sqlite(path) as store:
        newest, oldest = await store.sessions()
        assert {newest.log, oldest.log}.isdisjoint({LOG, OTHER_LOG})
        assert msgspec.structs.replace(oldest, log=LOG) == TITLED
        assert msgspec.structs.replace(newest, log=OTHER_LOG) == record("s1", log=OTHER_LOG)
        kept = await store.read(oldest.log, 0, 10)
        assert [msgspec.structs.replace(entry, log=LOG) for entry in kept] == entries(5)
        assert await store.read(newest.log, 0, 10) == [msgspec.structs.replace(KEYED, log=newest.log)]
        assert await store.read(LOG, 0, 10) == []


async def test_each_restore_makes_other_logs(backup: Path, tmp_path: Path) -> None:
    logs = set()
    for name in ("one.db", "two.db"):
        restore(backup, tmp_path / name)
        async with open_sqlite(tmp_path / name) as store:
            logs |= {each.log for each in await store.sessions()}
    assert len(logs) == 4


async def test_a_store_with_sessions_is_left_alone_unless_told(backup: Path, path: Path) -> None:
    await fill(path)
    with pytest.raises(StoreRefused, match=r"holds 1 sessions; give --replace"):
        restore(backup, path)
    async with open_sqlite(path) as store:
        assert await store.sessions() == [record("here")]
        assert await store.read(LOG, 0, 10) == entries(2)


async def test_what_was_there_is_whole_in_the_file_it_was_moved_to(backup: Path, path: Path) -> None:
    await fill(path)
    moved_to = restore(backup, path, replace=True).moved_to
    assert moved_to is not None
    assert names(path.parent) == ["agent.db", moved_to.name, "agent.db.lock"]
    async with open_sqlite(moved_to) as store:
        assert await store.sessions() == [record("here")]
        assert await store.read(LOG, 0, 10) == entries(2)
    async with open_sqlite(path) as store:
        assert len(await store.sessions()) == 2


async def test_a_store_without_sessions_is_replaced(backup: Path, path: Path) -> None:
    async with open_sqlite(path):
        pass
    restore(backup, path)
    async with open_sqlite(path) as store:
        assert len(await store.sessions()) == 2


async def test_a_store_in_use_is_refused(backup: Path, path: Path) -> None:
    async with open_sqlite(path) as store:
        with pytest.raises(StoreRefused, match="in use by another trio-agent"):
            restore(backup, path, replace=True)
        assert await store.sessions() == []


async def test_a_damaged_store_is_moved_aside_as_it_is_with_its_wal(backup: Path, path: Path) -> None:
    await fill(path)
    overwrite(path, b"SQLite format 3", b"SQLite format 9")
    damaged = content_of(path)
    put(wal_of(path), b"what was not folded in")
    moved_to = restore(backup, path, replace=True).moved_to
    assert moved_to is not None
    assert content_of(moved_to) == damaged
    assert content_of(wal_of(moved_to)) == b"what was not folded in"
    assert wal_of(path).name not in names(path.parent)
    async with open_sqlite(path) as store:
        assert len(await store.sessions()) == 2


async def test_a_wal_whose_store_is_gone_is_not_played_into_the_new_one(backup: Path, path: Path) -> None:
    async with open_sqlite(path) as store:
        await store.save(record("here"))
        wal = content_of(wal_of(path))
    os.unlink(path)
    put(wal_of(path), wal)
    with pytest.raises(StoreRefused, match="is gone, but"):
        async with open_sqlite(path):
            pytest.fail("it was opened")
    restore(backup, path)
    async with open_sqlite(path) as store:
        assert [each.session_id for each in await store.sessions()] == ["s1", "s0"]


async def test_a_store_that_somebody_reads_is_not_moved(backup: Path, path: Path) -> None:
    await fill(path)
    with closing(apsw.Connection(str(path))) as reader:
        reader.execute("SELECT count(*) FROM session")
        with pytest.raises(StoreRefused, match="another program is reading"):
            restore(backup, path, replace=True)
    async with open_sqlite(path) as store:
        assert await store.sessions() == [record("here")]


async def test_a_damaged_backup_is_refused_and_nothing_is_changed(backup: Path, path: Path) -> None:
    overwrite(backup, b'{"content":"3 ', b'{"content":"8 ')
    with pytest.raises(StoreRefused, match=r"message 3 of log .* is damaged"):
        restore(backup, path)
    assert not path.parent.exists()


@pytest.mark.parametrize("content", [b"", b"no database " * 1000])
async def test_what_is_no_backup_is_refused(tmp_path: Path, path: Path, content: bytes) -> None:
    other = tmp_path / "other.db"
    put(other, content)
    with pytest.raises(StoreRefused, match="damaged"):
        restore(other, path)
    assert not path.parent.exists()


async def test_a_backup_without_sessions_is_refused(tmp_path: Path, path: Path) -> None:
    async with open_sqlite(tmp_path / "empty.db"):
        pass
    with pytest.raises(StoreRefused, match="holds no session"):
        restore(tmp_path / "empty.db", path)
    assert not path.parent.exists()


def test_where_there_is_no_file_that_is_said(tmp_path: Path, path: Path) -> None:
    with pytest.raises(StoreRefused, match="there is no backup"):
        restore(tmp_path / "nowhere.db", path)
