"""The terminals of a session: shells in its workspace and sandbox, for its users, until the session ends.

Viewers pull, as the readers of a log do: a viewer is a position in the scrollback, and what the shell shows only wakes it. So
one that is slow costs only itself, and one that comes late sees the same as all others.
"""

from __future__ import annotations

import os
import signal
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

import trio

from trio_agent.core.errors import NotFound
from trio_agent.seams import Shown, Terminal
from trio_agent.tasks import here, opened, stand_at
from trio_agent.tools.limits import Limits, limited
from trio_agent.tools.process import TERM_GRACE_S
from trio_agent.tools.pty import Pty, run_pty
from trio_agent.tools.sandbox import Sandbox
from trio_agent.tools.scrollback import Scrollback
from trio_agent.tools.worker import worker_line

MOST_TERMINALS = 8
FIRST_SIZE = (80, 24)
MOST_COLUMNS, MOST_ROWS = 1000, 1000
NOT_STARTED = 127  # as a shell calls what it cannot start

SHELLS = frozenset({"bash", "zsh", "fish", "ksh", "dash", "sh"})
"""A service's user has `nologin`, which is none."""

# A program that was killed leaves its modes behind: the alternate screen, mouse reports, an invisible cursor.
_RESTORE = b"\x1b[?1049;1000;1002;1003;1006;2004l\x1b[!p\x1b[?25h\x1b[0m"


class Shells:
    """What starts a shell: `sandbox` does not show it `hidden`, and of ours it gets `environment` only."""

    def __init__(
        self,
        *,
        sandbox: Sandbox,
        environment: Mapping[str, str],
        hidden: Sequence[Path] = (),
        term_grace_s: float = TERM_GRACE_S,
    ) -> None:
        self._sandbox = sandbox
        self._environment = environment
        self._hidden = hidden
        self._term_grace_s = term_grace_s

    async def run(
        self,
        workspace: Path,
        size: tuple[int, int],
        on_start: Callable[[Pty], None],
        on_output: Callable[[bytes], None],
    ) -> int:
        """Run a shell in `workspace` to its end; see `run_pty`."""
        return await run_pty(
            await trio.to_thread.run_sync(self._command_line, workspace),
            cwd=workspace,
            environment=self._environment,
            size=size,
            on_start=on_start,
            on_output=on_output,
            term_grace_s=self._term_grace_s,
        )

    def _command_line(self, workspace: Path) -> list[str]:
        theirs = self._environment.get("SHELL", "")
        shell = theirs if os.path.basename(theirs) in SHELLS and os.access(theirs, os.X_OK) else "bash"
        line = worker_line("trio_agent.tools.controlling_terminal", shell)
        return self._sandbox.wrap(limited(line, Limits()), workspace, self._hidden)


class ShellTerminal:
    """One terminal; a shell that has ended is followed by another when somebody presses Enter. Users know it by `name`."""

    def __init__(self, shells: Shells, workspace: Path, name: str) -> None:
        self._shells = shells
        self._workspace = workspace
        self._name = name
        self._scrollback = Scrollback()
        self._size = FIRST_SIZE
        self._pty: Pty | None = None
        self._exit_status: int | None = None
        self._over = False
        self._lifetime = trio.CancelScope()
        self._closed = False
        self._version = 0
        self._wake = trio.Event()
        self._enter = trio.Event()

    async def follow(self, position: int, version: int) -> Shown:
        await trio.lowlevel.checkpoint()
        while position == self._scrollback.end and version == self._version:
            await self._wake.wait()
        data, behind, skipped = self._scrollback.read(position)
        return Shown(
            data=data,
            position=behind,
            live=behind == self._scrollback.end,
            skipped=skipped,
            version=self._version,
            columns=self._size[0],
            rows=self._size[1],
            exit_status=self._exit_status,
            over=self._over,
            closed=self._closed,
        )

    async def write(self, data: bytes) -> None:
        await trio.lowlevel.checkpoint()
        # Not lost where the shell is about to begin: what is typed ahead waits in the terminal.
        while self._pty is None and self._exit_status is None and not self._over:
            await self._wake.wait()
        if self._pty is not None:
            await self._pty.write(data)
        elif b"\r" in data or b"\n" in data:
            self._begin_shell()

    def resize(self, columns: int, rows: int) -> None:
        size = min(max(columns, 1), MOST_COLUMNS), min(max(rows, 1), MOST_ROWS)
        if size != self._size:
            self._size = size
            if self._pty is not None:
                self._pty.resize(*size)
            self._changed()

    def close(self, *, now: bool) -> str | None:
        program = None if now or self._pty is None else self._pty.foreground()
        if program is None:
            self._closed = True
            self._lifetime.cancel()
        return program

    async def run(self) -> None:
        """Run shells until cancelled or closed."""
        try:
            with self._lifetime:
                while True:
                    self._end_shell(*await self._run_shell())
                    await self._enter.wait()
        finally:
            self._pty = None
            self._over = True
            self._changed()

    async def _run_shell(self) -> tuple[int, str]:
        """Its exit status, and in words how it ended."""
        status = -signal.SIGHUP
        try:
            # One that has ended is no task, and whoever stops the task ends this shell and none that comes after it.
            with (
                trio.CancelScope() as scope,
                opened("terminal", self._name, scope, stop=lambda reason: scope.cancel()),
            ):
                status = await self._shells.run(self._workspace, self._size, self._began, self._show)
        except (OSError, ValueError) as exc:
            return NOT_STARTED, f"the shell could not be started: {exc}"
        return status, f"exit status {status}" if status >= 0 else f"ended by signal {-status}"

    def _began(self, pty: Pty) -> None:
        self._pty = pty
        # Somebody may have changed it while the shell was being started.
        pty.resize(*self._size)
        self._wake_all()

    def _begin_shell(self) -> None:
        # At once, and not when the task has come to it: what is typed from here on is for the new shell.
        self._exit_status = None
        self._enter.set()
        self._changed()

    def _end_shell(self, status: int, words: str) -> None:
        self._enter = trio.Event()
        self._pty = None
        self._exit_status = status
        self._scrollback.add(_RESTORE + f"\r\n[{words}; press Enter for a new shell]\r\n".encode())
        self._changed()

    def _show(self, data: bytes) -> None:
        self._scrollback.add(data)
        self._wake_all()

    def _changed(self) -> None:
        self._version += 1
        self._wake_all()

    def _wake_all(self) -> None:
        wake, self._wake = self._wake, trio.Event()
        wake.set()


@asynccontextmanager
async def open_terminals(shells: Shells, workspace: Path) -> AsyncIterator[Callable[[int], Terminal]]:
    """What finds or begins a terminal by its number, 1 to MOST_TERMINALS; it raises NotFound. Leaving ends all of them."""
    terminals: dict[int, ShellTerminal] = {}
    place = here()

    async def keep(number: int) -> None:
        stand_at(place)
        await terminals[number].run()
        # No checkpoint since its viewers were woken: who hears that it is closed finds its number free.
        del terminals[number]

    def find(number: int) -> Terminal:
        if nursery.cancel_scope.cancel_called:
            raise NotFound("this session has ended, and its terminals with it")
        if not 1 <= number <= MOST_TERMINALS:
            raise NotFound(f"terminals have the numbers 1 to {MOST_TERMINALS}")
        if number not in terminals:
            terminals[number] = ShellTerminal(shells, workspace, str(number))
            nursery.start_soon(keep, number)
        return terminals[number]

    async with trio.open_nursery() as nursery:
        try:
            yield find
        finally:
            nursery.cancel_scope.cancel()
