"""What tools leave running, as the session's users are told of it: jobs, terminals, servers; and how long a tool may take."""

from __future__ import annotations

import os
import signal
from contextlib import AsyncExitStack
from pathlib import Path

import msgspec
import trio
from trio.testing import wait_all_tasks_blocked

from tests.tools.bench import FakeBench
from trio_agent.core.redaction import MARK, Redactor
from trio_agent.core.task import Task
from trio_agent.seams import Terminal
from trio_agent.tasks import TaskTree, opened
from trio_agent.tools.background import MAX_TOLD_CHARS, open_background
from trio_agent.tools.bash import Bash
from trio_agent.tools.environment import child_environment, terminal_environment
from trio_agent.tools.sandbox import NoSandbox
from trio_agent.tools.terminal import Shells, open_terminals

SECRET = "canary-0123456789"


def tree_of() -> TaskTree:
    return TaskTree(lambda: None)


def only(tree: TaskTree, kind: str) -> Task:
    (task,) = [task for task in tree.told() if task.kind == kind]
    return task


def command(text: str, **more: object) -> bytes:
    return msgspec.json.encode({"command": text, **more})


async def test_a_job_runs_in_the_session_and_not_in_the_call_that_began_it_and_is_stopped_alone(
    bench: FakeBench, nap: str
) -> None:
    environment = child_environment(os.environ, {})
    tree = tree_of()
    with tree.noted():
        async with open_background(Redactor([SECRET])) as background:
            bash = Bash(sandbox=NoSandbox(), environment=environment, background=background, term_grace_s=1)
            with opened("turn"), opened("tool", "bash"):
                told = await bash.run(command(f"sleep {nap}; echo {SECRET}", background=True), bench)
                await bash.run(command(f"sleep {nap} # {'x' * 1000}", background=True), bench)
            await wait_all_tasks_blocked()
            job = background.job(msgspec.json.decode(told.text)["job"])
            first, second = tree.told()
            assert (first.kind, first.parent, first.stoppable) == ("job", 0, True)
            assert first.name == f"sleep {nap}; echo {MARK}"
            assert len(second.name) == MAX_TOLD_CHARS
            await tree.stop(first.id, "not needed")
            assert job.ended.is_set()
            assert [task.id for task in tree.told()] == [second.id]
    assert tree.told() == ()


async def test_a_command_tells_by_when_it_is_ended(bench: FakeBench, nap: str) -> None:
    bash = Bash(sandbox=NoSandbox(), environment=child_environment(os.environ, {}), term_grace_s=1)
    tree = tree_of()

    async def run() -> None:
        with opened("tool", "bash"):
            await bash.run(command(f"echo begun; sleep {nap}", timeout_s=500), bench)

    async with trio.open_nursery() as nursery:
        with tree.noted():
            nursery.start_soon(run)
        await bench.wait_output("begun")
        tool = only(tree, "tool")
        assert tool.deadline_s is not None
        # The command line is made before the time begins to count.
        assert 500 <= tool.deadline_s - tool.since_s < 600
        nursery.cancel_scope.cancel()


async def test_a_terminal_runs_in_the_session_whoever_asks_for_it(tmp_path: Path) -> None:
    shells = Shells(sandbox=NoSandbox(), environment=terminal_environment(os.environ), term_grace_s=0.2)
    tree = tree_of()
    async with AsyncExitStack() as stack:
        with tree.noted():
            find = await stack.enter_async_context(open_terminals(shells, tmp_path))
        # As a request does, which comes from elsewhere.
        find(3)
        await wait_all_tasks_blocked()
        task = only(tree, "terminal")
        assert (task.name, task.parent, task.stoppable) == ("3", 0, True)
    assert tree.told() == ()


async def exit_status_of(terminal: Terminal) -> int:
    position = version = -1
    while (shown := await terminal.follow(position, version)).exit_status is None:
        position, version = shown.position, shown.version
    return shown.exit_status


async def test_a_shell_that_has_ended_is_no_task_and_one_that_is_stopped_leaves_its_terminal(tmp_path: Path) -> None:
    shells = Shells(sandbox=NoSandbox(), environment=terminal_environment(os.environ), term_grace_s=0.2)
    tree = tree_of()
    async with AsyncExitStack() as stack:
        with tree.noted():
            find = await stack.enter_async_context(open_terminals(shells, tmp_path))
        terminal = find(1)
        await terminal.write(b"exit 3\r")
        assert await exit_status_of(terminal) == 3
        assert tree.told() == ()
        await terminal.write(b"\r")
        await wait_all_tasks_blocked()
        await tree.stop(only(tree, "terminal").id, "not needed")
        assert tree.told() == ()
        assert await exit_status_of(terminal) == -signal.SIGHUP
        assert find(1) is terminal
