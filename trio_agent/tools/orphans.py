"""Commands whose server was killed before it could end them: the next one does.

In a sandbox they die with the server. Without one nobody tells them, and a session whose log says "interrupted" would still be
changed by what it calls so. Whoever started a command stands in its marker, which all that it starts inherit.
"""

from __future__ import annotations

import os
import secrets
import select
import signal
from pathlib import Path

from trio_agent.tools.process_tree import CALL_MARKER, Process, living_members, read_process

GONE_S = 5.0
"""How long to wait for the killed. A process in uninterruptible I/O may take longer; nothing more can be done about it."""


def new_mark() -> str:
    """A marker for one command of this process's."""
    return f"{_namespace()}.{os.getpid()}.{_started(os.getpid())}.{secrets.token_hex(16)}"


def end_orphans() -> int:
    """Kill what commands of servers that are no more have left running, and say how many processes that was. Blocks.

    Without the grace that a cancelled command has: it was over when its server died.
    """
    ended = 0
    # Again for those who were started while we looked.
    while orphans := [process for leader, mark in _orphaned_marks() for process in living_members(leader, mark)]:
        killed = [handle for process in orphans if (handle := _kill(process)) is not None]
        ended += len(killed)
        gone = [bool(select.select([handle], [], [], GONE_S)[0]) for handle in killed]
        for handle in killed:
            os.close(handle)
        if not all(gone) or not killed:
            break
    return ended


def _orphaned_marks() -> set[tuple[int, str]]:
    """Leader and marker of every process that carries the marker of a server that has ended."""
    found = set()
    ours = {"", os.environ.get(CALL_MARKER)}  # a server may itself have been started by a command
    for entry in os.listdir("/proc"):
        if entry.isdecimal() and (mark := _mark_of(int(entry))) not in ours and _is_orphaned(mark):
            process = read_process(int(entry))
            if process is not None:
                # Session 0 is everybody's whose leader is outside of our PID namespace, and ours is not the command's.
                alone = process.session in (0, os.getsid(0))
                found.add((process.pid if alone else process.session, mark))
    return found


def _mark_of(pid: int) -> str:
    try:
        environment = Path(f"/proc/{pid}/environ").read_bytes().split(b"\0")
    except OSError:  # it ended meanwhile, or belongs to another user and so not to us
        return ""
    prefix = f"{CALL_MARKER}=".encode()
    return next(
        (each.removeprefix(prefix).decode("ascii", "replace") for each in environment if each.startswith(prefix)), ""
    )


def _is_orphaned(mark: str) -> bool:
    """False also for what we cannot judge: a server in another PID namespace has a pid that means something else here."""
    match mark.split("."):
        case [namespace, pid, started, _] if namespace == _namespace() and pid.isdecimal():
            return started != str(_started(int(pid)))
        case _:
            return False


def _kill(process: Process) -> int | None:
    """A handle on the killed process, the caller's to close; None where it had ended."""
    try:
        handle = os.pidfd_open(process.pid)
    except ProcessLookupError:
        return None
    # The pid may be another's by now; with the handle in hand it cannot become so.
    if read_process(process.pid) != process:
        os.close(handle)
        return None
    try:
        signal.pidfd_send_signal(handle, signal.SIGKILL)
    except ProcessLookupError:
        pass  # between the two lines: just as well
    return handle


def _started(pid: int) -> int:
    process = read_process(pid)
    return process.started if process is not None else 0


def _namespace() -> str:
    return os.readlink("/proc/self/ns/pid").removeprefix("pid:").strip("[]")
