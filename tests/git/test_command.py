from __future__ import annotations

import gc
import itertools
import os
from pathlib import Path

import pytest
import trio
from trio.testing import MockClock

from trio_agent.core.errors import RepositoryError
from trio_agent.git.command import INHERITED, Git, deadline


async def test_git_says_what_it_says(project: Path) -> None:
    output = await Git(directory=project).run("log", "--format=%s")
    assert output.text == "Count words from the command line, with tests\nCount words"


async def test_a_refusal_carries_the_first_line_of_git(project: Path) -> None:
    with pytest.raises(RepositoryError, match=r"^ambiguous argument 'nonesuch': unknown revision"):
        await Git(directory=project).run("log", "nonesuch")


async def test_a_status_that_is_an_answer_is_no_refusal(project: Path) -> None:
    output = await Git(directory=project).run("rev-parse", "-q", "--verify", "nonesuch", accept=(0, 1))
    assert (output.status, output.stdout) == (1, b"")


async def test_a_missing_git_is_told_as_such(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/nonexistent")
    with pytest.raises(RepositoryError, match=r"git cannot be run: .*No such file"):
        await Git(directory=project).run("version")


async def test_output_ends_where_it_may_be_cut(project: Path) -> None:
    output = await Git(directory=project).run(*_alias("yes"), max_output_bytes=10, may_cut=True)
    assert output.cut
    assert output.stdout == b"y\ny\ny\ny\ny\n"


async def test_output_of_just_the_size_is_whole(project: Path) -> None:
    output = await Git(directory=project).run(*_alias("printf 12345"), max_output_bytes=5, may_cut=True)
    assert not output.cut
    assert output.stdout == b"12345"


async def test_more_output_than_expected_is_an_error(project: Path) -> None:
    with pytest.raises(RepositoryError, match="more than 10 bytes"):
        await Git(directory=project).run(*_alias("yes"), max_output_bytes=10)


async def test_a_long_complaint_does_not_block(project: Path) -> None:
    with pytest.raises(RepositoryError, match=r"^complaint$"):
        await Git(directory=project).run(*_alias("yes 'error: complaint' | head -c 1000000 >&2; exit 3"))


async def test_git_sees_only_what_it_needs_of_our_environment(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GIT_DIR", "/nonexistent")
    monkeypatch.setenv("SOME_API_KEY", "secret")
    output = await Git(directory=project).run(*_alias("env"))
    seen = dict(line.split("=", 1) for line in output.text.splitlines() if "=" in line)
    assert "SOME_API_KEY" not in seen
    assert seen["GIT_ALLOW_PROTOCOL"] == "none"
    ours = {name for name in os.environ if name in seen} - set(INHERITED)
    assert ours <= {"LC_ALL", "PWD", "OLDPWD", "SHLVL", "_"}


async def test_the_users_config_is_read_only_where_it_is_asked_for(project: Path, home: Path) -> None:
    (home / ".gitconfig").write_text("[some]\n\tsetting = global\n")
    question = ("config", "--get", "some.setting")
    assert (await Git(directory=project, users_config=True).run(*question)).text == "global"
    assert (await Git(directory=project).run(*question, accept=(1,))).text == ""


async def test_cancelling_ends_git_and_all_it_started(project: Path, pipe: Pipe) -> None:
    async with trio.open_nursery() as nursery:
        nursery.start_soon(Git(directory=project).run, *_alias(f"(echo on; sleep 1000) > '{pipe.path}' & wait"))
        await pipe.wait_opened()
        nursery.cancel_scope.cancel()
    await pipe.wait_deserted()


async def test_a_deadline_ends_git_and_is_told_as_a_refusal(project: Path, pipe: Pipe, mock_clock: MockClock) -> None:
    async def run_for_ever() -> None:
        with pytest.raises(RepositoryError, match="longer than 60 s"), deadline(60):
            await Git(directory=project).run(*_alias(f"exec > '{pipe.path}'; echo on; exec sleep 1000"))

    async with trio.open_nursery() as nursery:
        nursery.start_soon(run_for_ever)
        await pipe.wait_opened()
        mock_clock.jump(60)
    await pipe.wait_deserted()


class Pipe:
    """A named pipe at `path`, on which a shell command says that it is on, and which ends when nobody holds it any more."""

    def __init__(self, path: Path) -> None:
        os.mkfifo(path)
        self.path = path
        self._reader = trio.lowlevel.FdStream(os.open(path, os.O_RDONLY | os.O_NONBLOCK))
        # Until the command has it open, our own end keeps the pipe from ending.
        self._writer = os.open(path, os.O_WRONLY)

    async def wait_opened(self) -> None:
        assert await self._reader.receive_some() == b"on\n"

    async def wait_deserted(self) -> None:
        os.close(self._writer)
        assert await self._reader.receive_some() == b""
        await self._reader.aclose()


@pytest.fixture
def pipe(tmp_path: Path) -> Pipe:
    return Pipe(tmp_path / "pipe")


def _alias(command: str) -> tuple[str, ...]:
    """Arguments that let git run `command` in a shell."""
    return ("-c", f"alias.test=!{command}", "test")


async def test_cancelled_at_any_moment_it_leaves_no_descriptor_to_the_garbage_collector(project: Path) -> None:
    await Git(directory=project).run("version")
    cancellations = []
    gc.collect()  # what other tests have left
    before = len(os.listdir("/proc/self/fd"))
    # As often as it takes: how many instants come before the command's end depends on the machine, but the first always does.
    instants = itertools.cycle(range(60))
    while len(cancellations) < 30:
        with trio.move_on_after(next(instants) / 5_000):
            try:
                await Git(directory=project).run("log")
            except BaseException as exc:
                # Its traceback holds all that was at work: so do web frameworks, and for longer.
                cancellations.append(exc)
                raise
    # Fewer where the garbage of other tests went meanwhile.
    assert len(os.listdir("/proc/self/fd")) <= before
