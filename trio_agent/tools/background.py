"""Commands that run on after the tool has answered, and the files their output goes to."""

from __future__ import annotations

import os
import secrets
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path

import msgspec
import trio

from trio_agent.core.errors import ToolError
from trio_agent.core.redaction import BY_SHAPE, Redactor
from trio_agent.tasks import Place, here, opened, stand_at
from trio_agent.tools.background_job import BackgroundJob, JobFile
from trio_agent.tools.paths import directory_inside, open_inside, resolve_inside
from trio_agent.tools.process import ProcessGroup

OUTPUT_DIRECTORY = ".trio-agent"
"""In the workspace, where both later commands and `read_file` see it; git is told by a file of its own to look away."""

MAX_RUNNING = 16
MAX_TOLD_CHARS = 200
MAX_REMEMBERED = 100
"""Of those that have ended, the last ones can still be asked about."""

_NEW_FILE = os.O_WRONLY | os.O_CREAT | os.O_EXCL


class Started(msgspec.Struct, frozen=True):
    """A command in the background, as the model is told of it. The files are relative to the workspace."""

    job: str
    stdout_file: str
    stderr_file: str


class Background:
    """The commands that were started and may still run. Made by `open_background`."""

    def __init__(self, nursery: trio.Nursery, redactor: Redactor) -> None:
        self._nursery = nursery
        self._redactor = redactor
        self._place = here()
        self._jobs: dict[str, BackgroundJob] = {}
        self._starting: set[str] = set()

    async def start(
        self, command: str, argv: Sequence[str], workspace: Path, environment: Mapping[str, str]
    ) -> Started:
        """Start `argv`, which the model calls `command`, and return at once.

        Raises OSError, ValueError and ToolError where that cannot be.
        """
        with self._place_for(secrets.token_hex(4)) as name:
            return await self._start(name, command, argv, workspace, environment)

    @contextmanager
    def _place_for(self, name: str) -> Iterator[str]:
        """Hold one of the places until the job of this name runs or has failed to. Raises ToolError where all are taken.

        The calls of one answer start at the same time: each counts those that are about to run, too.
        """
        running = [job.id for job in self._jobs.values() if not job.ended.is_set()]
        if len(taken := [*running, *self._starting]) >= MAX_RUNNING:
            raise ToolError(f"{MAX_RUNNING} jobs are running ({', '.join(taken)}); end one with bash_kill first")
        self._starting.add(name)
        try:
            yield name
        finally:
            self._starting.remove(name)

    async def _start(
        self, name: str, command: str, argv: Sequence[str], workspace: Path, environment: Mapping[str, str]
    ) -> Started:
        stdout_file, stderr_file = f"{OUTPUT_DIRECTORY}/{name}.stdout", f"{OUTPUT_DIRECTORY}/{name}.stderr"
        stdout, stderr = await trio.to_thread.run_sync(_open_outputs, workspace, stdout_file, stderr_file)
        try:
            out = JobFile(stdout_file, self._redactor)
            err = JobFile(stderr_file, self._redactor)
            group = ProcessGroup(argv, cwd=workspace, environment=environment, stdout=stdout, stderr=stderr)
        finally:
            os.close(stdout)
            os.close(stderr)
        job = self._jobs[name] = BackgroundJob(name, command, workspace, group, out, err)
        told = self._redactor.redact(" ".join(command.split()))[:MAX_TOLD_CHARS]
        self._nursery.start_soon(_keep, job, told, self._place)
        self._forget()
        return Started(name, stdout_file, stderr_file)

    def job(self, name: str) -> BackgroundJob:
        """The command that was started under this name. Raises ToolError."""
        try:
            return self._jobs[name]
        except KeyError:
            known = ", ".join(self._jobs) or "none"
            raise ToolError(f"there is no job {name[:100]!r}; there are: {known}. Jobs end with the server") from None

    def _forget(self) -> None:
        ended = [name for name, job in self._jobs.items() if job.ended.is_set()]
        for name in ended[: max(0, len(ended) - MAX_REMEMBERED)]:
            del self._jobs[name]


@asynccontextmanager
async def open_background(redactor: Redactor = BY_SHAPE) -> AsyncIterator[Background]:
    """Leaving ends, all at the same time, what was started within and still runs; bounded as ProcessGroup.end is.

    A cancellation that comes from outside ends them at once, while those within the block are still at their own clean-up.
    """
    async with trio.open_nursery() as nursery:
        try:
            yield Background(nursery, redactor)
        finally:
            nursery.cancel_scope.cancel()


async def _keep(job: BackgroundJob, told: str, place: Place) -> None:
    """Reap the command when it is over; when cancelled, end it. Users are told that `told` runs in the session, at `place`."""
    stand_at(place)
    with opened("job", told, job.scope, stop=lambda reason: job.scope.cancel()):
        try:
            with job.scope:
                await job.group.wait_all()
        finally:
            await job.group.end()  # noqa: ASYNC102  it shields itself, with a deadline
            job.exit_status = job.group.exit_status
            job.ended.set()


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
