from __future__ import annotations

import os
import shutil
import signal
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import trio

from tests.tools.bench import running
from trio_agent.tools import process_tree
from trio_agent.tools.process import ProcessGroup, run_group
from trio_agent.tools.process_tree import CALL_MARKER, living_members, read_process

ENVIRONMENT = {"PATH": os.environ["PATH"]}


def ignore(chunk: bytes) -> None:
    pass


async def test_the_exit_status_is_the_programs(tmp_path: Path) -> None:
    finished = await run_group(["sh", "-c", "exit 7"], cwd=tmp_path, environment=ENVIRONMENT, on_output=ignore)
    assert (finished.exit_status, finished.left_behind) == (7, 0)


async def test_a_signal_is_a_negative_exit_status(tmp_path: Path) -> None:
    finished = await run_group(["sh", "-c", "kill -9 $$"], cwd=tmp_path, environment=ENVIRONMENT, on_output=ignore)
    assert finished.exit_status == -signal.SIGKILL


async def test_a_program_that_is_not_there_leaves_no_descriptor(tmp_path: Path) -> None:
    before = len(os.listdir("/proc/self/fd"))
    with pytest.raises(FileNotFoundError):
        await run_group(["no-such-program"], cwd=tmp_path, environment=ENVIRONMENT, on_output=ignore)
    assert len(os.listdir("/proc/self/fd")) == before


async def test_a_listener_that_fails_ends_the_program(tmp_path: Path, nap: str) -> None:
    def fail(chunk: bytes) -> None:
        raise LookupError

    argv = ["sh", "-c", f"echo x; exec sleep {nap}"]
    with pytest.RaisesGroup(LookupError):
        await run_group(argv, cwd=tmp_path, environment=ENVIRONMENT, on_output=fail)
    assert not running(nap)


def children_of_this_thread() -> list[int]:
    """Source: proc(5). Not those of other threads of this process."""
    return [int(pid) for pid in Path(f"/proc/self/task/{threading.get_native_id()}/children").read_text().split()]


async def test_the_program_is_the_child_of_the_thread_that_lives_as_long_as_the_loop(tmp_path: Path, nap: str) -> None:
    group = ProcessGroup(["sleep", nap], cwd=tmp_path, environment=ENVIRONMENT, stdout=2, stderr=2)
    try:
        assert group.pid in children_of_this_thread()
    finally:
        await group.end()


async def test_ending_twice_is_ending_once(tmp_path: Path, nap: str) -> None:
    group = ProcessGroup(["sleep", nap], cwd=tmp_path, environment=ENVIRONMENT, stdout=2, stderr=2)
    assert await group.end() == 1
    assert await group.end() == 0
    assert group.exit_status == -signal.SIGTERM


async def test_a_bomb_of_forks_is_put_out(tmp_path: Path, nap: str) -> None:
    # Each generation leaves its session and starts the next; TERM is ignored by all.
    bomb = f"trap '' TERM; while :; do setsid sleep {nap} & [ $((i = i + 1)) -lt 60 ] || wait; done"
    with trio.CancelScope() as scope:

        async def cancel_when_it_burns() -> None:
            while len(running(nap)) < 20:
                await trio.lowlevel.checkpoint()
            scope.cancel()

        async with trio.open_nursery() as nursery:
            nursery.start_soon(cancel_when_it_burns)
            await run_group(
                ["sh", "-c", bomb], cwd=tmp_path, environment=ENVIRONMENT, on_output=ignore, term_grace_s=0.2
            )
    assert scope.cancelled_caught
    assert not running(nap)


async def test_a_stopped_program_hears_term_too(tmp_path: Path) -> None:
    heard = b""
    scope = trio.CancelScope()

    def listen(chunk: bytes) -> None:
        nonlocal heard
        heard += chunk
        scope.cancel()

    script = "trap 'echo woken; exit' TERM; echo stopping; kill -STOP $$"
    with scope:
        await run_group(["sh", "-c", script], cwd=tmp_path, environment=ENVIRONMENT, on_output=listen)
    assert heard == b"stopping\nwoken\n"


async def test_an_outer_deadline_does_not_hinder_the_ending(tmp_path: Path, nap: str) -> None:
    outer, inner = trio.CancelScope(), trio.CancelScope()

    def expire(chunk: bytes) -> None:
        outer.deadline = inner.deadline = trio.current_time()

    with outer, inner:
        argv = ["sh", "-c", f"echo begun; exec sleep {nap}"]
        await run_group(argv, cwd=tmp_path, environment=ENVIRONMENT, on_output=expire)
    assert outer.cancelled_caught
    assert not running(nap)


@contextmanager
def marked_orphan(nap: str) -> Iterator[tuple[int, str]]:
    """Its pid and its mark. Not one of ours, nor of anybody's session: nothing but the mark leads to it."""
    mark = f"mark-{nap}"
    subprocess.run(
        ["sh", "-c", f"setsid sleep {nap} >/dev/null 2>&1 &"], env={**ENVIRONMENT, CALL_MARKER: mark}, check=True
    )
    try:
        while not (
            found := [pid for pid in running(nap) if (process := read_process(pid)) and process.name == "sleep"]
        ):
            pass
        yield found[0], mark
    finally:
        for pid in running(nap):
            os.kill(pid, signal.SIGKILL)


def test_an_orphan_is_known_by_the_mark_in_its_environment(nap: str) -> None:
    with marked_orphan(nap) as (pid, mark):
        assert [process.pid for process in living_members(leader=0x7FFFFFFF, mark=mark)] == [pid]
        assert living_members(leader=0x7FFFFFFF, mark=mark[:-1]) == []


def test_who_died_while_all_were_read_is_succeeded_by_one_who_is_found(
    monkeypatch: pytest.MonkeyPatch, nap: str
) -> None:
    dead = 0x7FFFFFFE
    with marked_orphan(nap) as (pid, mark):
        # As where a parent was listed, and forked and died before it was its turn.
        listings = iter([[dead]])
        pids = process_tree._pids
        monkeypatch.setattr(process_tree, "_pids", lambda: next(listings, None) or pids())
        assert [process.pid for process in living_members(leader=0x7FFFFFFF, mark=mark)] == [pid]


def test_who_is_in_the_middle_of_an_exec_is_looked_at_again(monkeypatch: pytest.MonkeyPatch, nap: str) -> None:
    with marked_orphan(nap) as (pid, mark):
        # It has an environment again once its new image is there.
        without = {pid}
        environment = process_tree._environment

        def read(asked: int) -> bytes:
            if asked in without:
                without.remove(asked)
                return b""
            return environment(asked)

        monkeypatch.setattr(process_tree, "_environment", read)
        assert [process.pid for process in living_members(leader=0x7FFFFFFF, mark=mark)] == [pid]


def test_doubts_that_do_not_end_do_not_hold_up_the_ending(monkeypatch: pytest.MonkeyPatch) -> None:
    readings = []

    def pids() -> list[int]:
        readings.append(1)
        return [0x7FFFFFF0 - len(readings)]

    monkeypatch.setattr(process_tree, "_pids", pids)
    assert living_members(leader=0x7FFFFFFF, mark="none") == []
    assert len(readings) == process_tree._READINGS


def test_a_process_that_is_not_there_reads_as_none() -> None:
    assert read_process(0x7FFFFFFF) is None


async def test_a_zombie_runs_nothing(tmp_path: Path) -> None:
    group = ProcessGroup(["true"], cwd=tmp_path, environment=ENVIRONMENT, stdout=2, stderr=2)
    await group.wait()
    assert read_process(group.pid) is None
    await group.end()
    assert group.exit_status == 0


async def test_a_name_with_parentheses_and_spaces_is_read_right(tmp_path: Path, nap: str) -> None:
    program = tmp_path / "a) R 1 (b"
    program.symlink_to(str(shutil.which("sleep")))
    group = ProcessGroup([str(program), nap], cwd=tmp_path, environment=ENVIRONMENT, stdout=2, stderr=2)
    try:
        process = read_process(group.pid)
        assert process is not None
        assert (process.name, process.parent, process.session) == (program.name, os.getpid(), group.pid)
    finally:
        await group.end()
