"""What a program of the model's may use of the machine. Source: setrlimit(2), proc_pid_oom_score_adj(5), bash's `ulimit`.

Set by a shell that then becomes the program, so that nothing of it ever runs without them. No limit on the address space of
commands: browsers, sanitizers and the race detector of Go reserve far more than they use. Instead, where memory runs out, it
is the command that the kernel ends, and neither this server nor the user's desktop. The number of processes does not bind
root, whom the kernel lets do as they like.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

PROCESSES = 2048
"""More than run now, threads included. Large builds have hundreds; a fork bomb stops here."""

FILE_BYTES = 8 * 1024**3
"""Of one file: a `yes > file` that was forgotten must not fill the disk on which the log is."""

_KIB = 1024


@dataclass(frozen=True, slots=True)
class Limits:
    """0 means none. `processes` are as many as the user may have beside those that run now."""

    processes: int = PROCESSES
    file_bytes: int = FILE_BYTES
    memory_bytes: int = 0
    cpu_s: int = 0


def limited(argv: Sequence[str], limits: Limits) -> list[str]:
    """The command line that runs `argv` within `limits`. Reads /proc."""
    settings = {
        "c": 0,
        "u": limits.processes and _tasks_now() + limits.processes,
        "f": limits.file_bytes // _KIB,
        "v": limits.memory_bytes // _KIB,
        "t": limits.cpu_s,
    }
    # One that is refused (the user's own is lower) leaves what was there. The core file's is meant: none.
    lines = [f"ulimit -{name} {value};" for name, value in settings.items() if value or name == "c"]
    set_up = " ".join([*lines, "echo 1000 > /proc/self/oom_score_adj;"])
    return ["bash", "-c", f'{{ {set_up} }} 2> /dev/null; exec "$@"', "bash", *argv]


def _tasks_now() -> int:
    """Processes and threads on this machine. Source: proc_loadavg(5), the fourth field."""
    return int(Path("/proc/loadavg").read_text().split()[3].partition("/")[2])
