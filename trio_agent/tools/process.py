"""Run a program so that nothing of it outlives the call.

Rules:
- The program leads a session of its own, so its terminal signals and ours never mix.
- We wait for the program, not for the end of its output: a grandchild may hold the pipe for ever.
- However the wait ends (exit, deadline, cancellation), every process of the command is ended: TERM, a grace, KILL.
- The leader is reaped last. Until then its pid, which names the session, cannot be used anew.
"""

from __future__ import annotations

import os
import signal
import subprocess
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import trio

from trio_agent.tools.orphans import new_mark
from trio_agent.tools.process_handles import handles_of, signal_all, wait_exits
from trio_agent.tools.process_tree import CALL_MARKER, Process, living_members
from trio_agent.tools.pump import Pump

TERM_GRACE_S = 5.0
"""From TERM to KILL: the time a program has to clean up after itself."""

KILL_GRACE_S = 5.0
"""How long to wait for the killed. A process in uninterruptible I/O may take longer; nothing more can be done about it."""

LINGER_S = 0.5
"""For what is about to end by itself when the program has exited: `>(tee log)` still writes what it was given last."""

DRAIN_GRACE_S = 1.0
"""For output that is in the pipe when everybody has ended. Reached only where a process was not found."""

_SANDBOX_NAME = "bwrap"


class ProcessGroup:
    """A program and all it starts. Whoever makes one calls `end`, whatever happens.

    `stdin`, `stdout` and `stderr` are file descriptors that stay the caller's. Raises OSError where the program cannot be
    started, ValueError for text that cannot be an argument (NUL).
    """

    def __init__(
        self,
        argv: Sequence[str],
        *,
        cwd: Path | str,
        environment: Mapping[str, str],
        stdout: int,
        stderr: int = subprocess.STDOUT,
        stdin: int = subprocess.DEVNULL,
        term_grace_s: float = TERM_GRACE_S,
    ) -> None:
        self._term_grace_s = term_grace_s
        self._mark = new_mark()
        # Not by trio.lowlevel.open_process: that forks in a worker thread, and "die with parent" (PR_SET_PDEATHSIG, see
        # prctl(2)) means the thread: trio lets idle ones go after 10 s, and every sandboxed program would go with them.
        self._popen = subprocess.Popen(
            argv,
            cwd=cwd,
            env={**environment, CALL_MARKER: self._mark},
            stdin=stdin,
            stdout=stdout,
            stderr=stderr,
            start_new_session=True,
        )
        self._exited = os.pidfd_open(self._popen.pid)

    @property
    def pid(self) -> int:
        return self._popen.pid

    @property
    def exit_status(self) -> int | None:
        """After `end`: the exit status, or the number of the signal that ended it, negated."""
        return self._popen.returncode

    async def wait(self) -> None:
        """Wait until the program itself has exited. What it started may live on. For one waiter at a time."""
        await trio.lowlevel.wait_readable(self._exited)

    async def wait_all(self) -> None:
        """Wait until the program and all it started have exited. For one waiter at a time."""
        await self.wait()
        while members := await self._members():
            with handles_of(members) as handles:
                for handle in handles:
                    await trio.lowlevel.wait_readable(handle)

    async def end(self, linger_s: float = 0.0) -> int:
        """End every process that still runs after `linger_s`, reap the program, and say how many had to be ended.

        Not hindered by cancellation; takes linger_s, the grace after TERM and KILL_GRACE_S at most. Safe to call again.
        """
        if self._exited < 0:
            return 0
        ended = 0
        with trio.move_on_after(linger_s + self._term_grace_s + KILL_GRACE_S, shield=True):
            members = await self._members()
            if members and linger_s:
                with handles_of(members) as handles:
                    await wait_exits(handles, linger_s)
                members = await self._members()
            ended = len(members)
            if members:
                # A sandbox that gets TERM takes its inmates down without theirs; it exits by itself after them.
                await signal_all(
                    [each for each in members if each.name != _SANDBOX_NAME], signal.SIGTERM, self._term_grace_s
                )
                while members := await self._members():
                    # The whole session first: of those who fork faster than we can look.
                    os.killpg(self.pid, signal.SIGKILL)
                    await signal_all(members, signal.SIGKILL, KILL_GRACE_S)
        self._popen.poll()
        os.close(self._exited)
        self._exited = -1
        return ended

    async def _members(self) -> list[Process]:
        return await trio.to_thread.run_sync(living_members, self.pid, self._mark)


@dataclass(frozen=True, slots=True)
class Finished:
    """How a program ended: its exit status (a signal's number negated), and how many processes it left behind."""

    exit_status: int
    left_behind: int


async def run_group(
    argv: Sequence[str],
    *,
    cwd: Path | str,
    environment: Mapping[str, str],
    on_output: Callable[[bytes], None],
    stdin: int = subprocess.DEVNULL,
    term_grace_s: float = TERM_GRACE_S,
) -> Finished:
    """Run `argv` to its end; `on_output` is given stdout and stderr, merged, as they come. Nothing of it is left after.

    The caller brings the deadline: cancelling ends the program, and its last words still reach `on_output`. Raises OSError
    and ValueError where it cannot be started.
    """
    read_end, write_end = os.pipe()
    try:
        group = ProcessGroup(
            argv, cwd=cwd, environment=environment, stdout=write_end, stdin=stdin, term_grace_s=term_grace_s
        )
    except BaseException:
        os.close(read_end)
        raise
    finally:
        os.close(write_end)
    async with trio.lowlevel.FdStream(read_end) as output, trio.open_nursery() as nursery:
        pump = Pump(output, on_output)
        nursery.start_soon(pump.run)
        linger_s = 0.0
        try:
            await group.wait()
            linger_s = LINGER_S
        finally:
            left_behind = await group.end(linger_s)  # noqa: ASYNC102  it shields itself, with a deadline
            pump.hurry(DRAIN_GRACE_S)
    exit_status = group.exit_status
    # None: killed, and not gone within the grace.
    return Finished(-signal.SIGKILL if exit_status is None else exit_status, left_behind)
