"""The store on disk: real files, real threads, and a second process where one is the subject."""

from __future__ import annotations

import os
import signal
import stat
import subprocess
import sys
import time
from contextlib import closing
from pathlib import Path

import apsw
import msgspec
import pytest
import trio

from tests.stores.entries import LOG, OTHER_LOG, entries, record
from trio_agent.core.errors import StoreDown, StoreFull, StoreRefused
from trio_agent.stores.sqlite import SqliteReader, open_sqlite

# Says "open" when it holds the store, or what refused it; holds it until its stdin ends.
OPENER = """
import sys, trio
from pathlib import Path
from trio_agent.core.errors import StoreRefused
from trio_agent.stores.sqlite import SqliteReader, open_sqlite
from tests.stores.entries import entries

async def main():
    try:
        async with open_sqlite(Path(sys.argv[1])) as store:
            await store.append(entries(int(sys.argv[2])))
            print("open", flush=True)
            sys.stdin.read()
    except StoreRefused as exc:
        print(exc, flush=True)

trio.run(main)
"""


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "data" / "agent.db"


def start_opener(path: Path, count: int = 0) -> subprocess.Popen[str]:
    command = [sys.executable, "-c", OPENER, str(path), str(count)]
    return subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)


def put(path: Path, content: bytes) -> None:
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(content)


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


async def test_what_was_kept_is_there_after_opening_again(path: Path) -> None:
    async with open_sqlite(path) as store:
        await store.save(record("s0"))
        await store.append(entries(3))
    async with open_sqlite(path) as store:
        assert await store.sessions() == [record("s0")]
        assert await store.read(LOG, 0, 10) == entries(3)
        await store.append(entries(1, begin=3))
        assert await store.read(LOG, 0, 10) == entries(4)


async def test_what_was_appended_survives_a_kill_of_the_process(path: Path) -> None:
    with start_opener(path, 7) as child:
        assert child.stdout is not None
        assert await trio.to_thread.run_sync(child.stdout.readline) == "open\n"
        child.send_signal(signal.SIGKILL)
    async with open_sqlite(path) as store:
        assert await store.read(LOG, 0, 10) == entries(7)


async def test_a_store_that_another_process_holds_is_refused(path: Path) -> None:
    async with open_sqlite(path):
        with start_opener(path) as child:
            said, _ = await trio.to_thread.run_sync(child.communicate)
    assert "is in use by another trio-agent" in said
    assert "--data-dir" in said


async def test_the_lock_goes_with_the_process_that_held_it(path: Path) -> None:
    with start_opener(path) as child:
        assert child.stdout is not None
        await trio.to_thread.run_sync(child.stdout.readline)
        child.kill()
    async with open_sqlite(path) as store:
        assert await store.sessions() == []


TAKES_LOCK = """
import fcntl, sys
with open(sys.argv[1], "r+b") as file:
    fcntl.lockf(file, fcntl.LOCK_EX | fcntl.LOCK_NB, 1, int(sys.argv[2]))
"""
# Of SQLite's source, os_unix.c: held by whoever has a WAL's index mapped, and by whoever has a file in WAL mode open.
MAPPED, SHARED = ("-shm", 128), ("", 0x40000000 + 2)


@pytest.mark.parametrize(("suffix", "byte"), [MAPPED, SHARED])
async def test_sqlite_keeps_its_locks_while_a_store_is_open(path: Path, suffix: str, byte: int) -> None:
    async with open_sqlite(path) as store:
        await store.append(entries(3))
        assert len(await store.read(LOG, 0, 3)) == 3
        line = [sys.executable, "-c", TAKES_LOCK, f"{path}{suffix}", str(byte)]
        took = await trio.run_process(line, check=False, capture_stderr=True)
        assert b"BlockingIOError" in took.stderr


async def test_a_link_to_the_file_leads_to_the_same_lock(path: Path, tmp_path: Path) -> None:
    link = tmp_path / "link.db"
    async with open_sqlite(path):
        link.symlink_to(path)
        with start_opener(link) as child:
            said, _ = await trio.to_thread.run_sync(child.communicate)
    assert "is in use by another trio-agent" in said


async def test_the_files_are_for_their_owner_alone(path: Path) -> None:
    old = os.umask(0)
    try:
        async with open_sqlite(path) as store:
            await store.append(entries(1))
            files = {each.name: mode(each) for each in path.parent.iterdir()}
    finally:
        os.umask(old)
    assert mode(path.parent) == 0o700
    assert files.keys() >= {"agent.db", "agent.db-wal", "agent.db.lock"}
    assert set(files.values()) == {0o600}


async def test_a_file_that_others_could_read_is_made_private(path: Path) -> None:
    async with open_sqlite(path):
        pass
    os.chmod(path, 0o644)
    async with open_sqlite(path):
        assert mode(path) == 0o600


async def test_a_commit_waits_for_the_disk(path: Path) -> None:
    async with open_sqlite(path) as store:
        assert store._writer.pragma("journal_mode") == "wal"
        assert store._writer.pragma("synchronous") == 2, "FULL, by SQLite's numbers"


async def test_a_full_disk_leaves_nothing_half_written_and_is_got_over(path: Path) -> None:
    async with open_sqlite(path) as store:
        await store.append(entries(1))
        pages = store._writer.pragma("page_count")
        store._writer.pragma("max_page_count", pages + 2)
        with pytest.raises(StoreFull, match="make room"):
            await store.append(entries(20, begin=1, size=4000))
        assert await store.read(LOG, 0, 100) == entries(1)
        store._writer.pragma("max_page_count", pages + 1000)
        await store.append(entries(20, begin=1, size=4000))
        assert await store.read(LOG, 1, 100) == entries(20, begin=1, size=4000)


async def test_what_breaks_a_rule_is_refused_as_a_whole(path: Path) -> None:
    async with open_sqlite(path) as store:
        await store.append(entries(2))
        with pytest.raises(StoreDown):
            await store.append([*entries(1, log=OTHER_LOG), *entries(1, begin=1)])
        assert await store.read(OTHER_LOG, 0, 10) == []
        await store.append(entries(1, begin=2))
        assert await store.read(LOG, 0, 10) == entries(3)


async def test_a_key_comes_once_in_a_log(path: Path) -> None:
    first, second = (msgspec.structs.replace(each, key="the-same-key") for each in entries(2))
    async with open_sqlite(path) as store:
        await store.append([first])
        with pytest.raises(StoreDown):
            await store.append([second])
        await store.append([msgspec.structs.replace(second, log=OTHER_LOG)])


async def test_readers_see_commits_while_the_writer_is_busy(path: Path) -> None:
    async with open_sqlite(path) as store:
        await store.append(entries(1))
        store._writer.execute("BEGIN IMMEDIATE")
        store._writer.execute("DELETE FROM message")
        assert await store.read(LOG, 0, 10) == entries(1)
        store._writer.execute("ROLLBACK")


async def test_a_long_read_leaves_the_loop_to_others(path: Path) -> None:
    async with open_sqlite(path) as store:
        await store.append(entries(20_000, size=500))
        everybodys, loops = time.process_time(), time.thread_time()
        read = await store.read(LOG, 0, 20_000)
        everybodys, loops = time.process_time() - everybodys, time.thread_time() - loops
    assert len(read) == 20_000
    assert loops < everybodys / 4


async def test_an_append_that_has_begun_is_not_abandoned(path: Path) -> None:
    async with open_sqlite(path) as store:
        # Another connection holds the write lock, so the append begins and waits in its thread.
        other = apsw.Connection(str(path))
        other.execute("BEGIN IMMEDIATE")
        async with trio.open_nursery() as nursery:
            nursery.start_soon(store.append, entries(1))
            while not store._one_writer.borrowed_tokens:
                await trio.lowlevel.checkpoint()
            nursery.cancel_scope.cancel()
            other.execute("ROLLBACK")
        assert await store.read(LOG, 0, 10) == entries(1)
        other.close()


async def test_a_failed_open_leaves_the_lock_free(path: Path) -> None:
    put(path, b"not a database, but long enough to be looked at " * 100)
    for _ in range(2):
        with pytest.raises(StoreRefused, match="damaged"):
            async with open_sqlite(path):
                pytest.fail("it was opened")


def go_back_to_version_1(path: Path) -> None:
    with closing(apsw.Connection(str(path))) as connection:
        connection.execute("ALTER TABLE session DROP COLUMN seal; ALTER TABLE message DROP COLUMN seal")
        connection.pragma("user_version", 1)


async def test_a_store_of_the_first_version_is_taken_over(path: Path) -> None:
    async with open_sqlite(path) as store:
        await store.save(record("s0"))
        await store.append(entries(3))
    go_back_to_version_1(path)
    with pytest.raises(StoreRefused, match="older trio-agent"):
        SqliteReader(path)
    for _ in range(2):
        async with open_sqlite(path) as store:
            assert await store.sessions() == [record("s0")]
            assert await store.read(LOG, 0, 10) == entries(3)


async def test_a_file_half_made_by_a_process_that_died_is_no_hindrance(path: Path) -> None:
    put(path.with_name("agent.db.new"), b"half")
    async with open_sqlite(path) as store:
        assert await store.sessions() == []
    assert sorted(os.listdir(path.parent)) == ["agent.db", "agent.db.lock"]
