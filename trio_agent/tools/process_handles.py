"""Handles on processes (pidfds): unlike a pid, one never comes to mean another process. Source: pidfd_open(2)."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import trio

from trio_agent.tools.process_tree import Process, read_process


async def signal_all(processes: Sequence[Process], number: signal.Signals, grace_s: float) -> None:
    """Send the signal to each, and wait until all have ended or the grace is over."""
    with handles_of(processes) as handles:
        for handle in handles:
            try:
                signal.pidfd_send_signal(handle, number)
                # One that is stopped would not hear of it before the grace is over.
                signal.pidfd_send_signal(handle, signal.SIGCONT)
            except (ProcessLookupError, PermissionError):
                pass  # ended meanwhile; or another user's (a setuid program), which we can do nothing about
        await wait_exits(handles, grace_s)


async def wait_exits(handles: Sequence[int], at_most_s: float) -> None:
    with trio.move_on_after(at_most_s):
        for handle in handles:
            await trio.lowlevel.wait_readable(handle)


@contextmanager
def handles_of(processes: Sequence[Process]) -> Iterator[list[int]]:
    """A pidfd for each process that still lives: unlike a pid it never comes to mean another."""
    handles: list[int] = []
    try:
        for process in processes:
            try:
                handle = os.pidfd_open(process.pid)
            except ProcessLookupError:
                continue
            handles.append(handle)
            now = read_process(process.pid)
            if now is None or now.started != process.started:
                os.close(handles.pop())
        yield handles
    finally:
        for handle in handles:
            os.close(handle)
