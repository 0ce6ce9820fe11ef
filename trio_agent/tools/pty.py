"""A program on a pseudo-terminal: what it shows comes out, what is typed goes in. Source: pty(7), ioctl_tty(2).

Rules:
- We wait for the program, not for the end of its output: who holds the terminal open may live on.
- At the end the terminal is hung up first. An interactive shell pays no heed to TERM, but ends with its jobs on HUP.
- What is read is bounded in time too: a flood must not keep the rest of the server from its work.
"""

from __future__ import annotations

import os
import termios
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import trio

from trio_agent.tools.process import DRAIN_GRACE_S, LINGER_S, TERM_GRACE_S, ProcessGroup

READ_BYTES = 64 * 1024
PACE_S = 0.01
"""After READ_BYTES at once: 6 MB a second, which nobody can read; the program waits meanwhile, as at any terminal."""


class Pty:
    """The terminal's side of a program that runs. Made by `run_pty`."""

    def __init__(self, master: int) -> None:
        self._master = master
        self._typing = trio.Lock()

    async def write(self, data: bytes) -> None:
        """Type `data`. Waits while the program takes nothing. What comes after its end is dropped."""
        # One at a time: two viewers' words must not be mixed, and one descriptor has one waiter.
        async with self._typing:
            rest = memoryview(data)
            while rest and self._master >= 0:
                try:
                    await trio.lowlevel.wait_writable(self._master)
                    rest = rest[os.write(self._master, rest) :]
                except BlockingIOError:
                    continue
                except (OSError, trio.ClosedResourceError):
                    return  # hung up meanwhile

    def resize(self, columns: int, rows: int) -> None:
        """The kernel tells the program by SIGWINCH, if the size is another than before."""
        if self._master >= 0:
            termios.tcsetwinsize(self._master, (rows, columns))

    def foreground(self) -> str | None:
        """The name of the program that has the terminal, maybe empty; None where that is the shell. Source: tty_ioctl(4).

        The terminal is the shell's, which leads its session, and is lent to what it runs; a job in the background has none.
        """
        try:
            group = os.tcgetpgrp(self._master)
        except OSError:
            return None  # hung up, or nobody has taken it yet
        try:
            if group == 0 or os.getsid(group) == group:
                return None
            return Path(f"/proc/{group}/comm").read_text(errors="replace").strip()
        except OSError:
            return ""  # the first of a pipe may be gone already

    async def pump(self, on_output: Callable[[bytes], None]) -> None:
        """Hand out what the program shows until nobody has the terminal open any more."""
        while True:
            await trio.lowlevel.wait_readable(self._master)
            taken = 0
            while taken < READ_BYTES:
                try:
                    data = os.read(self._master, READ_BYTES)
                except BlockingIOError:
                    break
                except OSError:
                    return  # EIO: that is how a terminal's end is told
                if not data:
                    return
                taken += len(data)
                on_output(data)
            if taken >= READ_BYTES:
                await trio.sleep(PACE_S)

    def hang_up(self) -> None:
        """Nothing is read or typed any more; the program, if it still runs, gets HUP."""
        if self._master >= 0:
            master, self._master = self._master, -1
            trio.lowlevel.notify_closing(master)
            os.close(master)


async def run_pty(
    argv: Sequence[str],
    *,
    cwd: Path,
    environment: Mapping[str, str],
    size: tuple[int, int],
    on_start: Callable[[Pty], None],
    on_output: Callable[[bytes], None],
    term_grace_s: float = TERM_GRACE_S,
) -> int:
    """Run `argv` on a terminal of `size` (columns, rows) to its end; its exit status, a signal's number negated.

    Nothing of it is left after. Cancelling hangs up: HUP, then TERM, a grace, KILL. Raises OSError and ValueError where it
    cannot be started.
    """
    master, slave = os.openpty()
    pty = Pty(master)
    group = None
    try:
        try:
            os.set_blocking(master, False)
            pty.resize(*size)
            group = ProcessGroup(
                argv,
                cwd=cwd,
                environment=environment,
                stdin=slave,
                stdout=slave,
                stderr=slave,
                term_grace_s=term_grace_s,
            )
        finally:
            os.close(slave)
        on_start(pty)
        async with trio.open_nursery() as nursery:
            shown = trio.Event()
            nursery.start_soon(_pump, pty, on_output, shown)
            await group.wait()
            await group.end(LINGER_S)
            with trio.move_on_after(DRAIN_GRACE_S):
                await shown.wait()
            nursery.cancel_scope.cancel()
    finally:
        pty.hang_up()
        if group is not None:
            await group.end(LINGER_S)  # noqa: ASYNC102  it shields itself, with a deadline
    status = group.exit_status
    # None: killed, and not gone within the grace.
    return -9 if status is None else status


async def _pump(pty: Pty, on_output: Callable[[bytes], None], shown: trio.Event) -> None:
    await pty.pump(on_output)
    shown.set()
