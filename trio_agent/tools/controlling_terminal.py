"""Becomes the shell of a terminal: `python -m trio_agent.tools.controlling_terminal SHELL`, with the terminal as stdin.

A shell has job control, and Ctrl-C reaches what it runs, only where the terminal controls its session. Whoever started us has
made a session without one, and a sandbox made another; in here is the last place where it can be done. (bash takes the
terminal by itself, opening it once more; others do not.)
"""

from __future__ import annotations

import fcntl
import os
import sys
import termios


def main(shell: str) -> None:
    try:
        os.setsid()
    except PermissionError:
        pass  # without a sandbox we lead a session already
    fcntl.ioctl(sys.stdin.fileno(), termios.TIOCSCTTY, 0)
    os.execvp(shell, [shell])


if __name__ == "__main__":
    main(sys.argv[1])
