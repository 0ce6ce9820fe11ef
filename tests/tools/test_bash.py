from __future__ import annotations

import os
import signal
import threading
from collections.abc import AsyncIterator, Sequence
from pathlib import Path
from typing import Any

import msgspec
import pytest
import trio
import trio.testing

from tests.tools.bench import FakeBench, running
from trio_agent.core.errors import ToolError
from trio_agent.core.redaction import Redactor
from trio_agent.seams import ToolResult
from trio_agent.tools.background import Background, open_background
from trio_agent.tools.background_job import BackgroundJob
from trio_agent.tools.bash import Bash
from trio_agent.tools.environment import child_environment
from trio_agent.tools.excerpt import HEAD_BYTES, TAIL_BYTES
from trio_agent.tools.output import KEPT_BYTES
from trio_agent.tools.process_tree import read_process
from trio_agent.tools.sandbox import NoSandbox, find_sandbox


@pytest.fixture
async def background() -> AsyncIterator[Background]:
    async with open_background() as background:
        yield background


@pytest.fixture
def bash(background: Background) -> Bash:
    return Bash(sandbox=NoSandbox(), environment=child_environment(os.environ, {}), background=background)


async def ask(bash: Bash, bench: FakeBench, **input: Any) -> ToolResult:
    return await bash.run(msgspec.json.encode(input), bench)


async def test_a_command_runs_in_the_workspace_and_its_output_is_the_result(bash: Bash, bench: FakeBench) -> None:
    result = await ask(bash, bench, command="pwd; echo to stderr >&2")
    assert result.text == f"{bench.workspace}\nto stderr\n"
    assert not result.error
    assert result.display == {"kind": "command", "command": "pwd; echo to stderr >&2", "exit_status": 0}


async def test_a_failed_command_says_its_exit_status(bash: Bash, bench: FakeBench) -> None:
    result = await ask(bash, bench, command="echo so far; exit 3")
    assert result.error
    assert result.text == "so far\n\n[exit status 3]"
    assert result.display is not None
    assert result.display["exit_status"] == 3


async def test_a_command_ended_by_a_signal_says_which(bash: Bash, bench: FakeBench) -> None:
    result = await ask(bash, bench, command="kill -SEGV $$")
    assert result.error
    assert "[ended by signal 11 (SIGSEGV)]" in result.text


async def test_output_is_shown_while_the_command_runs(bash: Bash, bench: FakeBench) -> None:
    fifo = bench.workspace / "gate"
    os.mkfifo(fifo)
    async with trio.open_nursery() as nursery:

        @nursery.start_soon
        async def _() -> None:
            result = await ask(bash, bench, command="echo first; cat gate; echo last")
            assert result.text == "first\nlast\n"

        await bench.wait_output("first")
        assert "last" not in bench.output
        # The command reads until this end is closed: only now can it go on.
        await trio.to_thread.run_sync(fifo.write_bytes, b"")
    assert bench.output == "first\nlast\n"


async def test_a_character_cut_in_two_by_the_pipe_is_shown_whole(bash: Bash, bench: FakeBench) -> None:
    os.mkfifo(bench.workspace / "gate")
    command = r"printf 'x\xe2\x82'; cat gate; printf '\xac'"
    async with trio.open_nursery() as nursery:
        nursery.start_soon(bash.run, msgspec.json.encode({"command": command}), bench)
        await bench.wait_output("x")
        await trio.to_thread.run_sync((bench.workspace / "gate").write_bytes, b"")
    assert bench.output == "x€"


async def test_standard_input_is_at_its_end(bash: Bash, bench: FakeBench) -> None:
    assert (await ask(bash, bench, command="cat; echo done")).text == "done\n"


async def test_no_key_of_ours_reaches_a_command(bench: FakeBench) -> None:
    ours = {"PATH": os.environ["PATH"], "ANTHROPIC_API_KEY": "canary", "LC_ALL": "C.UTF-8"}
    bash = Bash(sandbox=NoSandbox(), environment=child_environment(ours, {"GIT_AUTHOR_NAME": "Agent"}))
    text = (await ask(bash, bench, command="env")).text
    assert "canary" not in text
    assert "LC_ALL=C.UTF-8" in text
    assert "GIT_AUTHOR_NAME=Agent" in text
    assert "TERM=dumb" in text


async def test_a_command_over_its_time_is_ended_and_the_model_is_told(bash: Bash, bench: FakeBench, nap: str) -> None:
    result = await ask(bash, bench, command=f"echo begun; sleep {nap}", timeout_s=1)
    assert result.error
    assert result.text.startswith("begun\n")
    assert "not finished after 1 s" in result.text
    assert not running(nap)


async def test_endless_output_is_cut_to_its_head_and_tail_in_bounded_memory(bash: Bash, bench: FakeBench) -> None:
    result = await ask(bash, bench, command="echo head; yes", timeout_s=1)
    assert result.text.startswith("head\ny\n")
    assert "bytes left out" in result.text
    assert len(result.text) < HEAD_BYTES + TAIL_BYTES + 1000
    assert bench.emitted_chars > len(result.text)
    assert not running("yes")


async def test_a_grandchild_that_holds_the_pipe_does_not_hold_the_tool(bash: Bash, bench: FakeBench, nap: str) -> None:
    result = await ask(bash, bench, command=f"sleep {nap} & echo started")
    assert result.text.startswith("started\n")
    assert "1 processes were still running" in result.text
    assert not running(nap)


async def test_a_daemon_in_a_session_of_its_own_is_ended_with_the_command(
    bash: Bash, bench: FakeBench, nap: str
) -> None:
    await ask(bash, bench, command=f"(setsid sleep {nap} >/dev/null 2>&1 </dev/null &) ; echo started")
    assert not running(nap)


async def test_what_ends_by_itself_right_after_the_command_may_do_so(bash: Bash, bench: FakeBench) -> None:
    result = await ask(bash, bench, command="exec > >(sed s/^/seen:/); echo last words")
    assert result.text == "seen:last words\n"


@pytest.mark.parametrize(
    ("command", "sleepers"),
    [
        pytest.param("sleep {nap}", 1, id="plain"),
        pytest.param("for i in 1 2 3 4 5 6 7 8; do sleep {nap} & done; wait", 8, id="a fork of sleepers"),
        pytest.param("setsid sleep {nap} & wait", 1, id="a session of its own"),
        pytest.param("(setsid sleep {nap} >/dev/null 2>&1 &) ; sleep {nap}", 2, id="an orphaned daemon"),
        pytest.param("(env -i sleep {nap} >/dev/null 2>&1 &) ; sleep {nap}", 2, id="an orphan without environment"),
        pytest.param("setsid env -i sleep {nap} & wait", 1, id="a cleared environment"),
        pytest.param("setsid env -i sh -c 'setsid sleep {nap} & wait' & wait", 1, id="a grandchild of the same kind"),
        pytest.param("bash -c 'kill -STOP $$' {nap} & wait", 1, id="a stopped process"),
    ],
)
async def test_cancelling_leaves_no_process(
    bash: Bash, bench: FakeBench, nap: str, command: str, sleepers: int
) -> None:
    async with trio.open_nursery() as nursery:
        nursery.start_soon(bash.run, msgspec.json.encode({"command": command.format(nap=nap)}), bench)
        # What is not there yet could not survive.
        while len(running(nap)) < sleepers:
            await trio.lowlevel.checkpoint()
        nursery.cancel_scope.cancel()
    assert not running(nap)


async def test_a_program_that_ignores_term_is_killed(bench: FakeBench, nap: str) -> None:
    bash = Bash(sandbox=NoSandbox(), environment=child_environment(os.environ, {}), term_grace_s=0.3)
    command = f"trap 'echo got TERM' TERM; while true; do sleep {nap}; done"
    async with trio.open_nursery() as nursery:
        nursery.start_soon(bash.run, msgspec.json.encode({"command": command}), bench)
        # Bash runs a trap when its child has ended, so the child must be there to get TERM too.
        while not running(nap):
            await trio.lowlevel.checkpoint()
        nursery.cancel_scope.cancel()
    assert "got TERM" in bench.output
    assert not running(nap)


async def test_last_words_after_term_are_heard(bash: Bash, bench: FakeBench, nap: str) -> None:
    # More than a pipe holds: nobody could write this if nobody were reading.
    trap = "trap 'head -c 200000 /dev/zero | tr \"\\0\" x; echo bye; exit 0' TERM"
    async with trio.open_nursery() as nursery:
        nursery.start_soon(bash.run, msgspec.json.encode({"command": f"{trap}; sleep {nap} & wait"}), bench)
        while not running(nap):
            await trio.lowlevel.checkpoint()
        nursery.cancel_scope.cancel()
    assert bench.output.endswith("xbye\n")


async def test_a_background_command_runs_on_and_its_output_goes_to_files(bench: FakeBench, nap: str) -> None:
    os.mkfifo(bench.workspace / "gate")
    command = f"echo out; echo err >&2; echo written > gate; exec sleep {nap}"
    async with open_background() as background:
        bash = Bash(sandbox=NoSandbox(), environment=child_environment(os.environ, {}), background=background)
        result = await ask(bash, bench, command=command, background=True)
        job = msgspec.json.decode(result.text)
        assert await trio.to_thread.run_sync((bench.workspace / "gate").read_text) == "written\n"
        assert (bench.workspace / job["stdout_file"]).read_text() == "out\n"
        assert (bench.workspace / job["stderr_file"]).read_text() == "err\n"
        await wait_sleeper(nap)
    assert not running(nap)


async def test_where_nothing_keeps_the_background_nothing_runs_there(bench: FakeBench, nap: str) -> None:
    bash = Bash(sandbox=NoSandbox(), environment=child_environment(os.environ, {}))
    with pytest.raises(ToolError, match="background"):
        await ask(bash, bench, command=f"sleep {nap}", background=True)
    assert not running(nap)


def is_known(pid: int) -> bool:
    """Whether `pid` is taken, if only by a zombie."""
    return Path(f"/proc/{pid}").exists()


async def wait_reaped(pid: int) -> None:
    while is_known(pid):
        await trio.lowlevel.checkpoint()


async def wait_sleeper(nap: str) -> int:
    """The pid of the one process that sleeps `nap`, once it does."""
    while not (found := [pid for pid in running(nap) if (process := read_process(pid)) and process.name == "sleep"]):
        await trio.lowlevel.checkpoint()
    return found[0]


async def begin(bash: Bash, background: Background, bench: FakeBench, **input: Any) -> BackgroundJob:
    """A command in the background, from within."""
    result = await ask(bash, bench, background=True, **input)
    return background.job(msgspec.json.decode(result.text)["job"])


async def test_background_commands_that_are_over_leave_nothing(
    bash: Bash, background: Background, bench: FakeBench
) -> None:
    await ask(bash, bench, command="true")
    before = len(os.listdir("/proc/self/fd"))
    for _ in range(20):
        await (await begin(bash, background, bench, command="true")).ended.wait()
    # The last to be reaped has its descriptor closed in the same step.
    await trio.testing.wait_all_tasks_blocked()
    assert len(os.listdir("/proc/self/fd")) == before


async def test_what_a_background_command_leaves_running_is_kept_and_ended_too(bench: FakeBench, nap: str) -> None:
    async with open_background() as background:
        bash = Bash(sandbox=NoSandbox(), environment=child_environment(os.environ, {}), background=background)
        command = f"setsid sleep {nap} & exit"
        leader = (await begin(bash, background, bench, command=command)).group.pid
        sleeper = await wait_sleeper(nap)
        while read_process(leader):
            await trio.lowlevel.checkpoint()
        # A zombie by now, and not reaped: its pid names the session of what it left.
        assert is_known(leader)
        os.kill(sleeper, signal.SIGKILL)
        await wait_reaped(leader)
        await ask(bash, bench, command=command, background=True)
        await wait_sleeper(nap)
    assert not running(nap)


async def test_a_cancellation_ends_foreground_and_background_at_the_same_time(bench: FakeBench, nap: str) -> None:
    # Each ends only after the other has heard of the end as well.
    os.mkfifo(bench.workspace / "one")
    os.mkfifo(bench.workspace / "two")
    background_does = f"trap 'echo > one; read < two; exit' TERM; echo > one; sleep {nap} & while :; do wait; done"
    foreground_does = (
        f"trap 'read < one; echo > two; echo met; exit' TERM; echo here; sleep {nap} & while :; do wait; done"
    )
    async with trio.open_nursery() as nursery:

        @nursery.start_soon
        async def _() -> None:
            async with open_background() as background:
                bash = Bash(sandbox=NoSandbox(), environment=child_environment(os.environ, {}), background=background)
                await ask(bash, bench, command=background_does, background=True)
                await trio.to_thread.run_sync((bench.workspace / "one").read_bytes)
                await ask(bash, bench, command=foreground_does)

        await bench.wait_output("here")
        nursery.cancel_scope.cancel()
    assert "met" in bench.output
    assert not running(nap)


async def test_git_does_not_see_the_files_of_background_commands(bash: Bash, bench: FakeBench) -> None:
    await ask(bash, bench, command="git init -q .")
    await ask(bash, bench, command="true", background=True)
    assert (await ask(bash, bench, command="git status --porcelain")).text == ""


async def test_a_link_put_where_background_output_goes_is_not_followed(bash: Bash, bench: FakeBench) -> None:
    outside = bench.workspace.parent / "outside"
    outside.mkdir()
    (bench.workspace / ".trio-agent").symlink_to(outside)
    with pytest.raises(ToolError):
        await ask(bash, bench, command="true", background=True)
    assert not list(outside.iterdir())


async def test_a_workspace_that_is_gone_is_the_tools_error(bash: Bash, bench: FakeBench) -> None:
    bench.workspace.rmdir()
    with pytest.raises(ToolError, match="could not be started"):
        await ask(bash, bench, command="true")


@pytest.mark.parametrize("command", ["echo \0", "echo " + "x" * 200_000])
async def test_what_no_command_line_can_hold_is_the_tools_error(bash: Bash, bench: FakeBench, command: str) -> None:
    with pytest.raises(ToolError, match="could not be started"):
        await ask(bash, bench, command=command)


async def test_a_call_gives_back_every_descriptor(bash: Bash, bench: FakeBench) -> None:
    await ask(bash, bench, command="true")
    before = len(os.listdir("/proc/self/fd"))
    await ask(bash, bench, command="sleep 0 & true")
    await ask(bash, bench, command="sleep 3600", timeout_s=0.1)
    assert len(os.listdir("/proc/self/fd")) == before


async def test_cancelling_empties_whatever_sandbox_works_here(bench: FakeBench, nap: str) -> None:
    bash = Bash(sandbox=find_sandbox("auto"), environment=child_environment(os.environ, {}))
    command = f"trap 'sleep 0.2; echo cleaned up; exit 1' TERM; echo here; sleep {nap} & wait"
    async with trio.open_nursery() as nursery:
        nursery.start_soon(bash.run, msgspec.json.encode({"command": command}), bench)
        await bench.wait_output("here")
        nursery.cancel_scope.cancel()
    # Its own clean-up ran: TERM reached the command itself, and the sandbox did not fall before it.
    assert "cleaned up" in bench.output
    assert not running(nap)


@pytest.mark.timeout(30)
async def test_a_fifo_in_place_of_the_borrowed_objects_is_not_waited_for(bench: FakeBench) -> None:
    info = bench.workspace / ".git/objects/info"
    info.mkdir(parents=True)
    os.mkfifo(info / "alternates")
    bash = Bash(sandbox=find_sandbox("auto"), environment=child_environment(os.environ, {}))
    assert (await ask(bash, bench, command="echo done")).text == "done\n"


class ThreadSeer:
    """A sandbox that remembers which thread it was asked in."""

    name = "none"

    def __init__(self) -> None:
        self.asked_in: list[threading.Thread] = []

    def wrap(self, argv: Sequence[str], workspace: Path, hidden: Sequence[Path]) -> list[str]:
        self.asked_in.append(threading.current_thread())
        return list(argv)


async def test_a_sandbox_looks_at_the_disk_in_a_thread_of_its_own(bench: FakeBench) -> None:
    sandbox = ThreadSeer()
    await ask(Bash(sandbox=sandbox, environment=child_environment(os.environ, {})), bench, command="true")
    assert sandbox.asked_in
    assert threading.main_thread() not in sandbox.asked_in


async def test_the_whole_of_a_long_output_is_a_blob(bash: Bash, bench: FakeBench) -> None:
    result = await ask(bash, bench, command="seq 100000")
    assert "bytes left out" in result.text
    assert result.display is not None
    whole = await bench.blobs.get(result.display["output_blob"])
    assert whole.decode().split() == [str(number) for number in range(1, 100_001)]


async def test_what_the_model_is_told_whole_is_no_blob(bash: Bash, bench: FakeBench) -> None:
    result = await ask(bash, bench, command="seq 1000")
    assert result.display == {"kind": "command", "command": "seq 1000", "exit_status": 0}


async def test_of_an_output_larger_than_can_be_kept_the_beginning_is(bash: Bash, bench: FakeBench) -> None:
    result = await ask(bash, bench, command=f"head -c {KEPT_BYTES + 1000} /dev/zero | tr '\\0' x")
    assert result.display is not None
    whole = await bench.blobs.get(result.display["output_blob"])
    assert whole[KEPT_BYTES:].decode() == "\n… 1000 more bytes were not kept …\n"


async def test_a_secret_in_the_output_is_told_to_nobody(bench: FakeBench) -> None:
    # In two writes, at both cuts of the excerpt, and at the end.
    secret = "canary-" + "0123456789" * 3
    bash = Bash(sandbox=NoSandbox(), environment=child_environment(os.environ, {}), redactor=Redactor([secret]))
    half = len(secret) // 2
    pad = HEAD_BYTES - half
    script = (
        f"s={secret}; printf 'a%s' ${{s:0:9}}; printf '%s\n' ${{s:9}}; "
        f"head -c {pad - 14} /dev/zero | tr '\\0' x; printf $s; head -c 100000 /dev/zero | tr '\\0' y; "
        f"printf $s; head -c {TAIL_BYTES - 2 * len(secret) + half} /dev/zero | tr '\\0' z; printf $s"
    )
    result = await ask(bash, bench, command=script)
    assert result.display is not None
    whole = await bench.blobs.get(result.display["output_blob"])
    for told in (result.text, bench.output, whole.decode()):
        assert told.endswith("[redacted]")
        assert not any(secret[at : at + 6] in told for at in range(3, len(secret) - 5))
