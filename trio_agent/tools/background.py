"""Commands that run on after the tool has answered, and the files their output goes to."""

from __future__ import annotations

import os
import secrets
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

import msgspec
import trio

from trio_agent.tools.paths import directory_inside, open_inside, resolve_inside
from trio_agent.tools.process import ProcessGroup

OUTPUT_DIRECTORY = ".trio-agent"
"""In the workspace, where both later commands and `read_file` see it; git is told by a file of its own to look away."""

_NEW_FILE = os.O_WRONLY | os.O_CREAT | os.O_EXCL


class Job(msgspec.Struct, frozen=True):
    """A command in the background, as the model is told of it. The files are relative to the workspace. Source: the seed."""

    pid: int
    stdout_file: str
    stderr_file: str


class Background:
    """The commands that were started and may still run. Made by `open_background`."""

    def __init__(self, nursery: trio.Nursery) -> None:
        self._nursery = nursery

    async def start(self, argv: Sequence[str], workspace: Path, environment: Mapping[str, str]) -> Job:
        """Start `argv` and return at once. Raises OSError, ValueError and ToolError where that cannot be."""
        name = secrets.token_hex(4)
        stdout_file, stderr_file = f"{OUTPUT_DIRECTORY}/{name}.stdout", f"{OUTPUT_DIRECTORY}/{name}.stderr"
        stdout, stderr = await trio.to_thread.run_sync(_open_outputs, workspace, stdout_file, stderr_file)
        try:
            group = ProcessGroup(argv, cwd=workspace, environment=environment, stdout=stdout, stderr=stderr)
        finally:
            os.close(stdout)
            os.close(stderr)
        self._nursery.start_soon(_keep, group)
        return Job(group.pid, stdout_file, stderr_file)


@asynccontextmanager
async def open_background() -> AsyncIterator[Background]:
    """Leaving ends, all at the same time, what was started within and still runs; bounded as ProcessGroup.end is.

    A cancellation that comes from outside ends them at once, while those within the block are still at their own clean-up.
    """
    async with trio.open_nursery() as nursery:
        try:
            yield Background(nursery)
        finally:
            nursery.cancel_scope.cancel()


async def _keep(group: ProcessGroup) -> None:
    """Reap the command when it is over; when cancelled, end it."""
    try:
        await group.wait_all()
    finally:
        await group.end()  # noqa: ASYNC102  it shields itself, with a deadline


def _open_outputs(workspace: Path, stdout_file: str, stderr_file: str) -> tuple[int, int]:
    with directory_inside(workspace, Path(OUTPUT_DIRECTORY), create=True) as directory:
        try:
            ignore = os.open(".gitignore", _NEW_FILE, 0o666, dir_fd=directory)
        except FileExistsError:
            pass  # ours, of an earlier command
        else:
            with open(ignore, "w") as file:
                file.write("*\n")
    stdout = open_inside(workspace, resolve_inside(workspace, stdout_file), _NEW_FILE)
    try:
        return stdout, open_inside(workspace, resolve_inside(workspace, stderr_file), _NEW_FILE)
    except BaseException:
        os.close(stdout)
        raise
