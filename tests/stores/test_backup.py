"""Backups: a copy of one moment, private, whole or not there."""

from __future__ import annotations

import os
import stat
from contextlib import closing
from pathlib import Path

import apsw
import pytest

from tests.stores.entries import LOG, OTHER_LOG, chained, entries, record
from trio_agent.core.errors import ConfigError, StoreRefused
from trio_agent.stores.backup import Contents, back_up
from trio_agent.stores.blobs import FileBlobs
from trio_agent.stores.restore import restore
from trio_agent.stores.sqlite import SqliteReader, open_sqlite


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "data" / "agent.db"


@pytest.fixture
def target(tmp_path: Path) -> Path:
    (tmp_path / "backups").mkdir()
    return tmp_path / "backups" / "monday.db"


async def fill(path: Path, count: int = 5) -> None:
    async with open_sqlite(path) as store:
        await store.save(record("s0"))
        await store.append(entries(count))


def content_of(path: Path) -> bytes:
    return path.read_bytes()


def put(path: Path, content: bytes) -> None:
    path.write_bytes(content)


def overwrite(path: Path, old: bytes, new: bytes) -> None:
    content = path.read_bytes()
    assert content.count(old) == 1
    path.write_bytes(content.replace(old, new))


async def test_a_backup_taken_while_the_store_is_written_holds_what_was_there(path: Path, target: Path) -> None:
    async with open_sqlite(path) as store:
        await store.save(record("s0"))
        await store.save(record("s1", log=OTHER_LOG))
        await store.append([*entries(5), *entries(2, log=OTHER_LOG)])
        assert back_up(path, target) == Contents(sessions=2, messages=7)
        await store.append(entries(1, begin=5))
    reader = SqliteReader(target)
    assert await reader.sessions() == [record("s1", log=OTHER_LOG), record("s0")]
    assert await reader.read(LOG, 0, 10) == entries(5)
    reader.close()


async def test_a_write_under_way_is_not_half_in_it(path: Path, target: Path) -> None:
    async with open_sqlite(path) as store:
        await store.save(record("s0"))
        await store.append(entries(3))
        store._writer.execute("BEGIN IMMEDIATE")
        store._writer.execute("DELETE FROM message WHERE idx = 2")
        assert back_up(path, target) == Contents(sessions=1, messages=3)
        store._writer.execute("ROLLBACK")


async def test_a_backup_is_one_private_file(path: Path, target: Path) -> None:
    await fill(path)
    old = os.umask(0)
    try:
        back_up(path, target)
    finally:
        os.umask(old)
    assert os.listdir(target.parent) == ["monday.db"]
    assert stat.S_IMODE(os.stat(target).st_mode) == 0o600


def keep(folder: Path, *contents: bytes) -> list[str]:
    return [FileBlobs(folder).write(content) for content in contents]


async def refer(path: Path, *blobs: str) -> None:
    async with open_sqlite(path) as store:
        await store.save(record("s0"))
        wires = [b'{"display":{"kind":"image","blob":"%b"}}' % blob.encode() for blob in blobs]
        await store.append(chained(wires))


async def test_what_messages_refer_to_is_in_the_backup_and_nothing_else(
    path: Path, target: Path, tmp_path: Path
) -> None:
    shown, other, gone, damaged = keep(tmp_path / "blobs", b"shown", b"other", b"gone", b"damaged")
    await refer(path, shown, gone, damaged, shown)
    os.unlink(tmp_path / "blobs" / gone[:2] / gone[2:])
    put(tmp_path / "blobs" / damaged[:2] / damaged[2:], b"changed")
    assert back_up(path, target, blobs=tmp_path / "blobs") == Contents(sessions=1, messages=4, blobs=1, missing=2)
    with closing(apsw.Connection(str(target))) as connection:
        assert list(connection.execute("SELECT id, data FROM blob")) == [(shown, b"shown")]
        assert other not in {shown, gone, damaged}


async def test_a_blob_that_is_damaged_in_the_backup_is_seen(path: Path, target: Path, tmp_path: Path) -> None:
    (shown,) = keep(tmp_path / "blobs", b"shown " * 9)
    await refer(path, shown)
    back_up(path, target, blobs=tmp_path / "blobs")
    overwrite(target, b"shown " * 9, b"shown " * 8 + b"shawn ")
    with pytest.raises(StoreRefused, match=f"blob {shown} of the backup is damaged"):
        restore(target, tmp_path / "fresh.db", blobs=tmp_path / "fresh")
    assert not (tmp_path / "fresh").exists()


async def test_what_has_the_name_already_stays_unless_told(path: Path, target: Path) -> None:
    await fill(path, 1)
    back_up(path, target)
    before = content_of(target)
    async with open_sqlite(path) as store:
        await store.append(entries(1, begin=1))
    with pytest.raises(ConfigError, match="--force"):
        back_up(path, target)
    assert content_of(target) == before
    assert back_up(path, target, overwrite=True) == Contents(sessions=1, messages=2)


async def test_the_store_is_never_its_own_backup(path: Path, tmp_path: Path) -> None:
    await fill(path)
    (tmp_path / "link").hardlink_to(path)
    for target in (path, tmp_path / "link"):
        with pytest.raises(ConfigError, match="the store itself"):
            back_up(path, target, overwrite=True)


async def test_a_damaged_store_gives_no_backup(path: Path, target: Path) -> None:
    await fill(path)
    overwrite(path, b'{"content":"3 ', b'{"content":"8 ')
    with pytest.raises(StoreRefused, match=r"message 3 of log .* is damaged"):
        back_up(path, target)
    assert os.listdir(target.parent) == []


async def test_a_message_that_was_sealed_elsewhere_is_seen_by_the_chain(path: Path, target: Path) -> None:
    async with open_sqlite(path) as store:
        await store.save(record("s0"))
        await store.append(entries(3))
        await store.append(entries(1, begin=3, size=77))
    with pytest.raises(StoreRefused, match=f"log {LOG} is damaged at message 3"):
        back_up(path, target)


async def test_where_no_file_can_be_made_the_place_is_named(path: Path, tmp_path: Path) -> None:
    await fill(path)
    with pytest.raises(StoreRefused, match="nowhere"):
        back_up(path, tmp_path / "nowhere" / "monday.db")


async def test_a_reader_of_the_backup_sees_the_same_file_as_a_reader_of_the_store(path: Path, target: Path) -> None:
    await fill(path)
    back_up(path, target)
    rows = "SELECT * FROM message ORDER BY log, idx"
    with closing(apsw.Connection(str(path))) as one, closing(apsw.Connection(str(target))) as other:
        assert list(one.execute(rows)) == list(other.execute(rows))
