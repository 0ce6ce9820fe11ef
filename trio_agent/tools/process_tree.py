"""Who belongs to a running command: found in /proc, also after a process has left its session and its parent.

Source: proc(5), `/proc/PID/stat` and `/proc/PID/environ`. Three signs, any of which is enough: the session of the command's
leader; an ancestor that belongs; a marker in the environment, which every fork and exec inherits. A process that gives up
all three (setsid, orphaned, environment cleared), or forks successors faster than /proc can be read ten times, gets away where
there is no sandbox; in one, its PID namespace dies as a whole.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

CALL_MARKER = "TRIO_AGENT_CALL"

_PROC = Path("/proc")

_READINGS = 10
"""Of all processes at most, until one is above doubt."""

_OF_KERNEL = 0x00200000
"""PF_KTHREAD among a process's flags. Source: linux/sched.h."""


@dataclass(frozen=True, slots=True)
class Process:
    """A living process. `pid` and `started` (clock ticks since boot) name it beyond doubt: a pid alone may be used anew."""

    pid: int
    parent: int
    session: int
    started: int
    name: str
    is_of_kernel: bool = False


def read_process(pid: int) -> Process | None:
    """What runs as `pid`, or None where nothing does. A zombie runs nothing."""
    if (stat := _stat(pid)) is None:
        return None
    name, fields = stat
    if fields[0] in (b"Z", b"X"):
        return None
    return Process(
        pid,
        parent=int(fields[1]),
        session=int(fields[3]),
        started=int(fields[19]),
        name=name,
        is_of_kernel=bool(int(fields[6]) & _OF_KERNEL),
    )


def _stat(pid: int) -> tuple[str, list[bytes]] | None:
    """The name of `pid` and what stands after it."""
    try:
        stat = (_PROC / str(pid) / "stat").read_bytes()
    except OSError:
        return None
    # The name stands in parentheses and may itself hold spaces and parentheses: the last one closes it.
    before, _, after = stat.rpartition(b")")
    return before.partition(b"(")[2].decode("utf-8", "replace"), after.split()


def living_members(leader: int, mark: str) -> list[Process]:
    """Every living process of the command that `leader` led and `mark` marks. Reads /proc: some 20 µs a process.

    No reading of /proc is of one moment. Who was listed may have forked and died before it was read, and its child was not
    listed; in the middle of an exec a process has no environment, and so no marker. So nobody is said to be there only when
    a reading was above such doubts.
    """
    known_dead: set[int] = {leader}
    for _ in range(_READINGS):
        reading = _Reading(leader, mark)
        if reading.members or (reading.dead <= known_dead and not reading.between_images):
            break
        known_dead |= reading.dead
    return reading.members


class _Reading:
    """One look at all processes, one after the other."""

    def __init__(self, leader: int, mark: str) -> None:
        self.dead: set[int] = set()
        """Listed, but gone or a zombie when it was its turn."""
        self.between_images = False
        """Whether one, young enough to be of this command, had no environment: it is being replaced, or was cleared."""
        needle = f"{CALL_MARKER}={mark}".encode()
        # Also of a leader that has exited: until it is reaped, it can be asked.
        stat = _stat(leader)
        since = int(stat[1][19]) if stat else 0
        living: list[Process] = []
        pids: set[int] = set()
        for pid in _pids():
            process = read_process(pid)
            if process is None:
                self.dead.add(pid)
                continue
            living.append(process)
            environment = _environment(pid)
            if process.session == leader or needle in environment.split(b"\0"):
                pids.add(pid)
            elif not environment and process.started >= since and not process.is_of_kernel:
                self.between_images = True
        pids.add(leader)
        grew = True
        while grew:
            descendants = {process.pid for process in living if process.parent in pids} - pids
            pids |= descendants
            grew = bool(descendants)
        self.members = [process for process in living if process.pid in pids]


def _pids() -> list[int]:
    return [int(entry) for entry in os.listdir(_PROC) if entry.isdecimal()]


def _environment(pid: int) -> bytes:
    try:
        return (_PROC / str(pid) / "environ").read_bytes()
    except PermissionError:  # another user's, and so not ours
        return b"\0"
    except OSError:  # it ended meanwhile
        return b""
