"""Standard input, read without a thread: lines of a pipe or a file, or the keys of a terminal."""

from __future__ import annotations

import os
import termios
import tty
from collections.abc import AsyncGenerator, Callable, Iterator
from contextlib import contextmanager
from typing import TextIO

import trio

from trio_agent.terminal.line_editor import PASTE_OFF, PASTE_ON

READ_BYTES = 4096


@contextmanager
def keys_one_by_one(fd: int, out: TextIO) -> Iterator[Callable[[], None]]:
    """Have a terminal hand over each key as it is pressed, and show none; Ctrl-C and Ctrl-Z still do what they do.

    `out` is its other side. Gives what to call when the program goes on after Ctrl-Z: the shell has had it meanwhile.
    """
    before = termios.tcgetattr(fd)

    def take() -> None:
        # DRAIN, not FLUSH: what was typed while the program started counts.
        tty.setcbreak(fd, termios.TCSADRAIN)
        print(PASTE_ON, end="", file=out, flush=True)

    try:
        take()
        yield take
    finally:
        termios.tcsetattr(fd, termios.TCSADRAIN, before)
        print(PASTE_OFF, end="", file=out, flush=True)


async def read_chunk(fd: int) -> bytes:
    """What there is to read, at least a byte; empty at the end."""
    while True:
        try:
            await trio.lowlevel.wait_readable(fd)
        except PermissionError:
            # epoll refuses files and /dev/null, which never make anybody wait.
            await trio.lowlevel.checkpoint()
        try:
            return os.read(fd, READ_BYTES)
        except BlockingIOError:
            continue  # another program that has the same terminal was faster
        except OSError:
            return b""  # EIO: the terminal is gone


async def read_lines(fd: int) -> AsyncGenerator[str, None]:
    """The lines of a text, without their ends; a last one without an end counts."""
    held = b""
    while chunk := await read_chunk(fd):
        *lines, held = (held + chunk).split(b"\n")
        for line in lines:
            yield line.decode("utf-8", "replace").removesuffix("\r")
    if held:
        yield held.decode("utf-8", "replace")
