from __future__ import annotations

import os
import shutil
import signal
import threading
from pathlib import Path

import pytest
import trio

from tests.tools.bench import running
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


async def test_an_orphan_is_known_by_the_mark_in_its_environment(tmp_path: Path, nap: str) -> None:
    mark = f"mark-{nap}"
    argv = ["sh", "-c", f"setsid sleep {nap} >/dev/null 2>&1 &"]
    # Not one of ours: nothing but the mark leads to it.
    await trio.run_process(argv, env={**ENVIRONMENT, CALL_MARKER: mark})
    try:
        while not running(nap):
            await trio.lowlevel.checkpoint()
        assert [process.pid for process in living_members(leader=0x7FFFFFFF, mark=mark)] == running(nap)
        assert living_members(leader=0x7FFFFFFF, mark=mark[:-1]) == []
    finally:
        for pid in running(nap):
            os.kill(pid, signal.SIGKILL)


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
