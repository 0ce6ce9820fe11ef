"""A WAL that lost what was committed is refused; one that a crash cut short is not."""

from __future__ import annotations

import shutil
from pathlib import Path

import apsw
import pytest

from tests.stores.entries import LOG, entries, record
from trio_agent.core.errors import StoreRefused
from trio_agent.stores.sqlite import open_sqlite
from trio_agent.stores.sqlite_wal import read_index, read_wal

PAGE_BYTES, FRAME_BYTES = 4096, 4096 + 24


@pytest.fixture
async def killed(tmp_path: Path) -> Path:
    """A store as a process that was killed leaves it: ten messages of a commit each, all of them in the WAL."""
    path = tmp_path / "running" / "agent.db"
    async with open_sqlite(path) as store:
        await store.save(record("s0"))
        for each in entries(10):
            await store.append([each])
        shutil.copytree(path.parent, tmp_path / "killed")
    return tmp_path / "killed" / "agent.db"


def beside(path: Path, suffix: str) -> Path:
    return Path(f"{path}{suffix}")


def content_of(path: Path) -> bytes:
    return path.read_bytes()


def put(path: Path, content: bytes) -> None:
    path.write_bytes(content)


def flip(path: Path, at: int) -> None:
    content = bytearray(path.read_bytes())
    content[at] ^= 1
    path.write_bytes(content)


def forget_index(path: Path) -> None:
    beside(path, "-shm").unlink()


async def require_refused(path: Path, told: str) -> None:
    for _ in range(2):  # the first refusal must not have made it look whole
        with pytest.raises(StoreRefused, match=told):
            async with open_sqlite(path):
                pytest.fail("it was opened")


async def count_messages(path: Path) -> int:
    async with open_sqlite(path) as store:
        assert await store.sessions() == [record("s0")]
        return await store.count(LOG)


async def test_a_killed_store_is_opened_with_all_that_was_committed(killed: Path) -> None:
    assert await count_messages(killed) == 10


async def test_without_its_index_it_is_opened_too(killed: Path) -> None:
    forget_index(killed)
    assert await count_messages(killed) == 10


async def test_the_files_are_read_as_sqlite_reads_them(killed: Path) -> None:
    index, wal = read_index(killed), read_wal(killed)
    assert wal is not None
    connection = apsw.Connection(str(killed))
    _, frames, _ = next(connection.execute("PRAGMA wal_checkpoint(PASSIVE)"))
    assert (wal.sound, wal.salts, wal.taken, wal.commits_behind) == (True, index.salts, frames, 0)
    assert (index.frames, index.folded, read_index(killed).folded) == (frames, 0, frames)
    connection.close()


@pytest.mark.parametrize("at", [5, 20, 32 + FRAME_BYTES + 9, 32 + 3 * FRAME_BYTES + 1000])
async def test_a_changed_byte_is_refused(killed: Path, at: int) -> None:
    flip(beside(killed, "-wal"), at)
    await require_refused(killed, "damaged")


@pytest.mark.parametrize("at", [5, 20, 32 + 3 * FRAME_BYTES + 1000])
async def test_a_changed_byte_is_refused_without_the_index_too(killed: Path, at: int) -> None:
    flip(beside(killed, "-wal"), at)
    forget_index(killed)
    await require_refused(killed, "damaged")


async def test_a_wal_that_was_cut_is_refused(killed: Path) -> None:
    wal = beside(killed, "-wal")
    put(wal, content_of(wal)[:-FRAME_BYTES])
    await require_refused(killed, "frames can be read")


async def test_a_wal_that_is_gone_is_missed(killed: Path) -> None:
    put(beside(killed, "-wal"), b"")
    await require_refused(killed, "it is gone")


async def test_a_transaction_that_a_crash_cut_short_is_no_damage(killed: Path) -> None:
    """Its frames, or some of them, are on the disk; of its commit nobody was told."""
    wal = beside(killed, "-wal")
    whole = content_of(wal)
    put(wal, whole + whole[-FRAME_BYTES : -FRAME_BYTES // 2])
    assert await count_messages(killed) == 10


async def test_a_wal_of_which_all_was_folded_in_is_not_missed(killed: Path) -> None:
    connection = apsw.Connection(str(killed))
    connection.execute("PRAGMA wal_checkpoint(PASSIVE)")
    shutil.copytree(killed.parent, killed.parent.with_name("copy"))
    connection.close()
    copy = killed.parent.with_name("copy") / "agent.db"
    put(beside(copy, "-wal"), b"")
    assert await count_messages(copy) == 10


async def test_commits_that_a_failing_disk_left_behind_are_no_damage(killed: Path) -> None:
    """What was written and not synced is written over by what comes next, but not always to its end."""
    wal = beside(killed, "-wal")
    whole = content_of(wal)
    salts = whole[16:24]
    never_told = (b"\0\0\0\2" + b"\0\0\0\2" + salts + bytes(8) + bytes(PAGE_BYTES)) * 3
    put(wal, whole + never_told)
    assert await count_messages(killed) == 10


async def test_a_store_that_forgot_its_wal_is_refused(killed: Path) -> None:
    content = bytearray(content_of(killed))
    content[18:20] = b"\1\1"
    put(killed, bytes(content))
    await require_refused(killed, "knows nothing of it")
