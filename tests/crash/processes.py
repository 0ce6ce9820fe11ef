"""What of a server is still running: found in /proc by the folder it works in, whoever its parent is by now."""

from __future__ import annotations

import os
import select
from pathlib import Path

GONE_S = 5.0
"""For the kernel, on a busy machine, to end what it was told to."""


def processes_in(folder: Path) -> dict[int, str]:
    """The processes that work in `folder` or were started with a name in it: pid and command line."""
    found = {}
    for entry in Path("/proc").iterdir():
        if not entry.name.isdigit() or int(entry.name) == os.getpid():
            continue
        try:
            command = (entry / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
            if os.readlink(entry / "cwd").startswith(str(folder)) or str(folder) in command:
                found[int(entry.name)] = command
        except OSError:
            continue  # it has ended, or is another user's
    return found


def left_behind(folder: Path) -> list[str]:
    """The command lines of what still runs in `folder` GONE_S after it should have ended. Blocks until it is known."""
    return left_of(processes_in(folder), folder)


def left_of(processes: dict[int, str], folder: Path) -> list[str]:
    """The same of `processes`, which were found in `folder`."""
    left = []
    for pid, command in processes.items():
        try:
            handle = os.pidfd_open(pid)
        except ProcessLookupError:
            continue
        try:
            # A pid may be another's by now; a process that is not in the folder is none of ours.
            if pid in processes_in(folder) and not select.select([handle], [], [], GONE_S)[0]:
                left.append(f"{pid} {command}")
        finally:
            os.close(handle)
    return left
