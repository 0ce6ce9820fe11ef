"""Who belongs to a running command: found in /proc, also after a process has left its session and its parent.

Source: proc(5), `/proc/PID/stat` and `/proc/PID/environ`. Three signs, any of which is enough: the session of the command's
leader; an ancestor that belongs; a marker in the environment, which every fork and exec inherits. A process that gives up
all three (setsid, orphaned, environment cleared), or forks a successor faster than /proc can be read, gets away where there is
no sandbox; in one, its PID namespace dies as a whole.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

CALL_MARKER = "TRIO_AGENT_CALL"

_PROC = Path("/proc")


@dataclass(frozen=True, slots=True)
class Process:
    """A living process. `pid` and `started` (clock ticks since boot) name it beyond doubt: a pid alone may be used anew."""

    pid: int
    parent: int
    session: int
    started: int
    name: str


def read_process(pid: int) -> Process | None:
    """What runs as `pid`, or None where nothing does. A zombie runs nothing."""
    try:
        stat = (_PROC / str(pid) / "stat").read_bytes()
    except OSError:
        return None
    # The name stands in parentheses and may itself hold spaces and parentheses: the last one closes it.
    before, _, after = stat.rpartition(b")")
    fields = after.split()
    if fields[0] in (b"Z", b"X"):
        return None
    name = before.partition(b"(")[2].decode("utf-8", "replace")
    return Process(pid, parent=int(fields[1]), session=int(fields[3]), started=int(fields[19]), name=name)


def living_members(leader: int, mark: str) -> list[Process]:
    """Every living process of the command that `leader` led and `mark` marks. Reads /proc: some 20 µs a process."""
    processes = [process for pid in _pids() if (process := read_process(pid))]
    needle = f"{CALL_MARKER}={mark}".encode()
    members = {process.pid for process in processes if process.session == leader or _carries(process.pid, needle)}
    members.add(leader)
    grew = True
    while grew:
        descendants = {process.pid for process in processes if process.parent in members} - members
        members |= descendants
        grew = bool(descendants)
    return [process for process in processes if process.pid in members]


def _pids() -> list[int]:
    return [int(entry) for entry in os.listdir(_PROC) if entry.isdecimal()]


def _carries(pid: int, needle: bytes) -> bool:
    try:
        return needle in (_PROC / str(pid) / "environ").read_bytes().split(b"\0")
    except OSError:  # it ended meanwhile, or belongs to another user and so not to us
        return False
