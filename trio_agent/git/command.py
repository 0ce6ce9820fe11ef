"""The git command, run so that nothing a repository names is ever run with it.

A repository can name programs in its config (a file system monitor, hooks, a pager, an ssh command, filters, diff drivers),
in its attributes, and by remotes that promise missing objects. Three rules keep them all from running:

1. No transport: GIT_ALLOW_PROTOCOL allows none, so no remote helper, no upload-pack and no lazy fetch of a missing object
   (which runs a program that the config names: CVE-2024-32004) can start. Objects travel by pack-objects and unpack-objects.
2. What has a switch is switched off on the command line, which beats every config file.
3. Filters, diff drivers and text conversions have no switch that covers them all. Files and commits are therefore read only
   through a git directory of our own (`host_repository.py`), whose config defines none and which reads no config but its own.
"""

from __future__ import annotations

import os
import signal
import subprocess
from collections.abc import Awaitable, Callable, Generator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import BinaryIO

import trio

from trio_agent.core.errors import RepositoryError, RepositoryStalled
from trio_agent.git.stall import Places, wait_stalled

MAX_OUTPUT_BYTES = 64 * 1024 * 1024
MAX_STDERR_BYTES = 64 * 1024
TERM_S = 2.0
"""How long git may take, once told to end, to remove its lock files before it is killed."""

SWITCHED_OFF = {
    "core.fsmonitor": "false",
    "core.hooksPath": "/dev/null",
    "core.pager": "cat",
    "core.editor": "false",
    "core.sshCommand": "false",
    "core.askPass": "false",
    # A name without a program would be an error where alternates are asked for their refs; `true` names no refs.
    "core.alternateRefsCommand": "true",
    "credential.helper": "",
    "gc.auto": "0",
    "gpg.program": "false",
    "log.showSignature": "false",
    "maintenance.auto": "false",
    "protocol.allow": "never",
    "protocol.ext.allow": "never",
    "submodule.recurse": "false",
}
"""What a config file could turn on, as `git -c` settings."""

INHERITED = ("PATH", "HOME", "USER", "LOGNAME", "TMPDIR", "XDG_CONFIG_HOME")
"""All that git sees of our environment. GIT_* variables in particular would point it elsewhere."""

ENVIRONMENT = {
    "LC_ALL": "C",
    "GIT_ALLOW_PROTOCOL": "none",
    # A clone's refs are read by hand later.
    "GIT_DEFAULT_REF_FORMAT": "files",
    "GIT_NO_LAZY_FETCH": "1",
    "GIT_NO_REPLACE_OBJECTS": "1",
    "GIT_OPTIONAL_LOCKS": "0",
    "GIT_PAGER": "cat",
    "GIT_TERMINAL_PROMPT": "0",
}
OWN_CONFIG_ONLY = {"GIT_CONFIG_NOSYSTEM": "1", "GIT_CONFIG_GLOBAL": "/dev/null", "GIT_ATTR_NOSYSTEM": "1"}


@dataclass(frozen=True, slots=True)
class Output:
    """What git said. `cut`: it had more to say than was asked for, and was ended; `status` then means nothing."""

    status: int
    stdout: bytes
    cut: bool = False

    @property
    def text(self) -> str:
        """Without the last line's end. Invalid UTF-8 is replaced."""
        return self.stdout.decode(errors="replace").removesuffix("\n")


@dataclass(frozen=True, slots=True, kw_only=True)
class Git:
    """The git command, pointed at one repository.

    `directory` is where it runs; `git_dir` None lets git search from there. `users_config` also reads the user's global
    and the system's config, which the user wrote: needed for who they are and which repositories they trust.
    """

    directory: Path
    git_dir: Path | None = None
    work_tree: Path | None = None
    users_config: bool = False
    config: Mapping[str, str] = field(default_factory=dict)
    environment: Mapping[str, str] = field(default_factory=dict)

    async def run(
        self,
        *arguments: str,
        stdin: bytes | BinaryIO = b"",
        max_output_bytes: int = MAX_OUTPUT_BYTES,
        may_cut: bool = False,
        accept: Sequence[int] = (0,),
    ) -> Output:
        """Run `git ARGUMENTS` to its end. Cancelling ends it and what it started.

        Raises RepositoryError, with git's first line, where git exits with a status not in `accept` or says more than
        `max_output_bytes` (unless `may_cut`: then the output ends there), and RepositoryStalled where it waits for a FIFO.
        """
        stdout, stderr = bytearray(), bytearray()
        start = partial(
            trio.run_process,
            self._command(arguments),
            stdin=stdin,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            check=False,
            cwd=self.directory,
            env=self._environment(),
            start_new_session=True,
            deliver_cancel=_end_group,
        )
        failure: OSError | None = None
        stalled: Path | None = None
        cut = False

        async def watch(process: trio.Process, scope: trio.CancelScope) -> None:
            nonlocal stalled
            stalled = await wait_stalled(process, self._places)
            if stalled is not None:
                scope.cancel()

        opened = _Opened()
        try:
            async with trio.open_nursery() as nursery:
                try:
                    process: trio.Process = await nursery.start(opened.run, start)
                except OSError as exc:
                    failure = exc
                else:
                    assert process.stdout is not None
                    assert process.stderr is not None
                    nursery.start_soon(_drain, process.stderr, stderr)
                    nursery.start_soon(watch, process, nursery.cancel_scope)
                    cut = await _read(process.stdout, stdout, max_output_bytes)
                    if cut:
                        # Nobody reads the rest, so git would wait for ever.
                        nursery.cancel_scope.cancel()
        finally:
            opened.close()
        if failure is not None:
            raise RepositoryError(f"git cannot be run: {failure}") from failure
        if stalled is not None:
            raise RepositoryStalled(
                f"git waits for {str(stalled)!r}, which is a named pipe in the place of a file: delete it"
            )
        output = Output(process.returncode or 0, bytes(stdout), cut)
        if cut and not may_cut:
            raise RepositoryError(f"git {arguments[0]}: more than {max_output_bytes} bytes of output")
        if not cut and output.status not in accept:
            raise RepositoryError(_first_line(stderr) or f"git {arguments[0]} failed with status {output.status}")
        return output

    @property
    def _places(self) -> Places:
        if self.git_dir is not None:
            return Places(self.git_dir, self.work_tree)
        nearest = (folder / ".git" for folder in (self.directory, *self.directory.parents))
        return Places(next((path for path in nearest if path.is_dir()), None), self.work_tree)

    def _command(self, arguments: Sequence[str]) -> list[str]:
        command = ["git", "--no-pager", "--literal-pathspecs"]
        for key, value in {**SWITCHED_OFF, **self.config}.items():
            command += ["-c", f"{key}={value}"]
        if self.git_dir is not None:
            command.append(f"--git-dir={self.git_dir}")
        if self.work_tree is not None:
            command.append(f"--work-tree={self.work_tree}")
        return [*command, *arguments]

    def _environment(self) -> dict[str, str]:
        inherited = {name: os.environ[name] for name in INHERITED if name in os.environ}
        own = {} if self.users_config else OWN_CONFIG_ONLY
        return {**inherited, **ENVIRONMENT, **own, **self.environment}


class _Opened:
    """Hears of a process before who starts it does, and closes its pipes.

    Who is cancelled while it starts never hears of it, and its pipes would wait for the garbage collector.
    """

    def __init__(self) -> None:
        self._process: trio.Process | None = None
        self._status: trio.TaskStatus[trio.Process] = trio.TASK_STATUS_IGNORED

    async def run(  # noqa: ASYNC128  `start` calls ours, which passes it on
        self,
        start: Callable[..., Awaitable[object]],
        task_status: trio.TaskStatus[trio.Process] = trio.TASK_STATUS_IGNORED,
    ) -> None:
        self._status = task_status
        await start(task_status=self)

    def started(self, process: trio.Process) -> None:
        self._process = process
        self._status.started(process)

    def close(self) -> None:
        if self._process is not None:
            for stream in (self._process.stdout, self._process.stderr):
                assert isinstance(stream, trio.lowlevel.FdStream)
                stream.close()


@contextmanager
def deadline(seconds: float) -> Generator[None, None, None]:
    """Give the block `seconds`; raises RepositoryError where it takes longer."""
    try:
        with trio.fail_after(seconds):
            yield
    except trio.TooSlowError as exc:
        raise RepositoryError(f"git took longer than {seconds:.0f} s and was stopped") from exc


async def _read(stream: trio.abc.ReceiveStream, into: bytearray, limit: int) -> bool:
    """Read to the end, or until there is more than `limit` bytes, which is kept; whether there was more."""
    async for chunk in stream:
        room = limit - len(into)
        into += chunk[:room]
        if len(chunk) > room:
            return True
    return False


async def _drain(stream: trio.abc.ReceiveStream, into: bytearray) -> None:
    """Read to the end, keep the first MAX_STDERR_BYTES: git would wait for ever for what nobody reads."""
    async for chunk in stream:
        into += chunk[: MAX_STDERR_BYTES - len(into)]


async def _end_group(process: trio.Process) -> None:
    # git starts children (pack-objects, unpack-objects): the group goes as a whole. TERM first, for the sake of lock files.
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGTERM)
    await trio.sleep(TERM_S)
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)


def _first_line(stderr: bytearray) -> str:
    lines = stderr.decode(errors="replace").splitlines()
    told = [line for line in lines if line.startswith(("fatal: ", "error: "))] or lines
    return told[0].removeprefix("fatal: ").removeprefix("error: ") if told else ""
