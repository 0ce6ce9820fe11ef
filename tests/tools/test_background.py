"""Commands in the background, as the model looks after them: by the name of their job."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import msgspec
import pytest
import trio

from tests.tools.bench import FakeBench, running
from trio_agent.core.errors import ToolError
from trio_agent.core.redaction import Redactor
from trio_agent.seams import Tool, ToolResult
from trio_agent.tools import background as jobs
from trio_agent.tools.background import Background, open_background
from trio_agent.tools.bash import Bash
from trio_agent.tools.bash_kill import BashKill
from trio_agent.tools.bash_output import BashOutput
from trio_agent.tools.environment import child_environment
from trio_agent.tools.sandbox import Sandbox, find_sandbox

SECRET = "canary-0123456789"


@pytest.fixture(params=["auto", "none"])
def sandbox(request: pytest.FixtureRequest) -> Sandbox:
    return find_sandbox(request.param)


@pytest.fixture
async def background() -> AsyncIterator[Background]:
    async with open_background(Redactor([SECRET])) as background:
        yield background


@pytest.fixture
def start(sandbox: Sandbox, background: Background, bench: FakeBench) -> Starter:
    return Starter(sandbox, background, bench)


class Starter:
    def __init__(self, sandbox: Sandbox, background: Background, bench: FakeBench) -> None:
        self.bench = bench
        self.background = background
        environment = child_environment(os.environ, {})
        self._bash = Bash(sandbox=sandbox, environment=environment, background=background, term_grace_s=1)
        self._output, self._kill = BashOutput(background), BashKill(background)

    async def __call__(self, command: str) -> str:
        """The name of the job."""
        result = await self._ask(self._bash, command=command, background=True)
        return str(msgspec.json.decode(result.text)["job"])

    async def output(self, job: str, **input: Any) -> str:
        return (await self._ask(self._output, job=job, **input)).text

    async def kill(self, job: str) -> str:
        return (await self._ask(self._kill, job=job)).text

    async def _ask(self, tool: Tool, **input: Any) -> ToolResult:
        return await tool.run(msgspec.json.encode(input), self.bench)


async def opened(gate: Path, text: str = "") -> None:
    """Let who reads from `gate` go on; returns when it has."""
    await trio.to_thread.run_sync(gate.write_text, text)


async def test_each_look_shows_what_is_new_and_the_last_one_how_it_ended(start: Starter) -> None:
    gate = start.bench.workspace / "gate"
    reached = start.bench.workspace / "reached"
    os.mkfifo(gate)
    os.mkfifo(reached)
    job = await start("echo one; echo two >&2; echo > reached; cat gate; echo three; exit 3")
    await trio.to_thread.run_sync(reached.read_text)
    assert await start.output(job) == f"[job {job}: running]\n[new on stdout]\none\n\n[new on stderr]\ntwo\n"
    assert await start.output(job) == f"[job {job}: running]\n[no new output]"
    await opened(gate)
    told = await start.output(job, wait_s=60)
    assert told == f"[job {job}: ended with exit status 3]\n[new on stdout]\nthree\n"
    assert await start.output(job) == f"[job {job}: ended with exit status 3]\n[no new output]"


async def test_waiting_ends_when_its_time_is_over(start: Starter, nap: str) -> None:
    job = await start(f"sleep {nap}")
    assert "running" in await start.output(job, wait_s=0.1)


async def test_a_killed_job_has_time_to_clean_up_and_leaves_nothing(start: Starter, nap: str) -> None:
    reached = start.bench.workspace / "reached"
    os.mkfifo(reached)
    job = await start(f"trap 'echo cleaned up; exit 7' TERM; echo > reached; sleep {nap} & wait")
    await trio.to_thread.run_sync(reached.read_text)
    told = await start.kill(job)
    assert "cleaned up" in told
    assert "[job" in told.split("\n")[0]
    assert "running" not in told
    assert not running(nap)
    # Again is no harm.
    assert "no new output" in await start.kill(job)


@pytest.mark.parametrize("name", ["nosuch", "../../etc", "1"])
async def test_a_job_that_is_none_is_the_tools_error(start: Starter, name: str) -> None:
    known = await start("true")
    with pytest.raises(ToolError, match=f"there are: {known}"):
        await start.output(name)
    with pytest.raises(ToolError, match="there is no job"):
        await start.kill(name)


async def test_a_secret_written_in_two_pieces_is_shown_in_neither_look(start: Starter) -> None:
    gate = start.bench.workspace / "gate"
    reached = start.bench.workspace / "reached"
    os.mkfifo(gate)
    os.mkfifo(reached)
    job = await start(f"printf a{SECRET[:9]}; echo > reached; cat gate; printf {SECRET[9:]}b")
    await trio.to_thread.run_sync(reached.read_text)
    first = await start.output(job)
    await opened(gate)
    second = await start.output(job, wait_s=60)
    assert first.endswith("[new on stdout]\na")
    assert second.endswith("[new on stdout]\n[redacted]b")


async def test_of_much_new_output_the_beginning_and_the_end_are_shown(start: Starter) -> None:
    job = await start("seq 1000000")
    told = await start.output(job, wait_s=60)
    assert len(told) < 40_000
    assert "\n1\n2\n" in told
    assert "bytes left out" in told
    assert told.endswith("999999\n1000000\n")


@pytest.mark.parametrize("other", ["rm $f; ln -s /etc/passwd $f", "rm $f; mkfifo $f", "rm $f; mkdir $f", "rm $f"])
async def test_another_file_in_place_of_the_output_is_not_read(start: Starter, other: str) -> None:
    job = await start("echo $$; true")
    await start.background.job(job).ended.wait()
    other_job = await start(f"f=.trio-agent/{job}.stdout; {other}")
    await start.background.job(other_job).ended.wait()
    with pytest.raises(ToolError):
        await start.output(job)


async def test_a_file_that_was_emptied_is_read_from_its_beginning(start: Starter) -> None:
    job = await start("echo a long line of output")
    await start.output(job, wait_s=60)
    (start.bench.workspace / f".trio-agent/{job}.stdout").write_text("new\n")
    assert (await start.output(job)).endswith("[new on stdout]\nnew\n")


async def test_no_more_run_at_once_than_are_allowed(start: Starter, nap: str) -> None:
    first = await start(f"sleep {nap}")
    for _ in range(jobs.MAX_RUNNING - 1):
        await start(f"sleep {nap}")
    with pytest.raises(ToolError, match="bash_kill first"):
        await start(f"sleep {nap}")
    await start.kill(first)
    await start(f"sleep {nap}")


@pytest.mark.parametrize("before", [0, jobs.MAX_RUNNING - 1])
async def test_no_more_run_than_are_allowed_where_many_are_started_together(
    start: Starter, nap: str, before: int
) -> None:
    for _ in range(before):
        await start(f"sleep {nap}")
    started: list[str] = []
    refused: list[str] = []

    async def one() -> None:
        try:
            started.append(await start(f"sleep {nap}"))
        except ToolError as error:
            refused.append(str(error))

    async with trio.open_nursery() as nursery:
        for _ in range(jobs.MAX_RUNNING + 1):
            nursery.start_soon(one)
    assert len(started) == jobs.MAX_RUNNING - before
    assert len(refused) == before + 1
    assert all(job in refused[0] for job in started)


async def test_what_could_not_be_started_takes_no_place(background: Background, bench: FakeBench) -> None:
    environment = child_environment(os.environ, {})

    async def begin(*argv: str) -> None:
        await background.start("x", argv, bench.workspace, environment)

    for _ in range(jobs.MAX_RUNNING + 1):
        with pytest.raises(OSError, match="nosuch"):
            await begin("/nosuch")
        with trio.CancelScope() as scope:
            scope.cancel()
            await begin("/bin/true")
        assert scope.cancelled_caught
    await begin("/bin/true")


async def test_of_those_that_ended_the_last_are_remembered(background: Background, bench: FakeBench) -> None:
    start = Starter(find_sandbox("none"), background, bench)
    names = []
    for _ in range(jobs.MAX_REMEMBERED + 2):
        names.append(await start("true"))
        await background.job(names[-1]).ended.wait()
    with pytest.raises(ToolError):
        background.job(names[0])
    assert background.job(names[-1]).exit_status == 0
