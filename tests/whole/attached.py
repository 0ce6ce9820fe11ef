"""`trio-agent attach` as its users start it: with pipes, or in a terminal of its own."""

from __future__ import annotations

import fcntl
import os
import pty
import re
import select
import subprocess
import sys
import termios
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from trio_agent.terminal.words import printable

PATIENCE_S = 20.0


def attach_command(*arguments: str) -> list[str]:
    return [sys.executable, "-m", "trio_agent", "attach", *arguments]


def environment(**more: str) -> Mapping[str, str]:
    plain = {name: value for name, value in os.environ.items() if not name.startswith("TRIO_AGENT_")}
    return {**plain, "TERM": "xterm-256color", "COLUMNS": "80", "LINES": "24", **more}


def scripted(text: str, *arguments: str, **more: str) -> subprocess.CompletedProcess[str]:
    """Run it on a script of `text`, to its end."""
    return subprocess.run(
        attach_command(*arguments),
        input=text,
        capture_output=True,
        text=True,
        timeout=PATIENCE_S,
        env=environment(**more),
        check=False,
    )


class Terminal:
    """What a person has in front of them."""

    def __init__(self, process: subprocess.Popen[bytes], master: int) -> None:
        self.process = process
        self.raw = ""
        self._master = master
        self._decoder_rest = b""

    @property
    def seen(self) -> str:
        """All that was ever shown, repaintings included, as plain text."""
        return printable(self.raw)

    def type(self, keys: str) -> None:
        os.write(self._master, keys.encode())

    def wait_for(self, pattern: str, *, after: int = 0) -> int:
        """Wait until `pattern` was shown beyond place `after` of what was seen; the place behind it."""
        deadline = time.monotonic() + PATIENCE_S
        while (found := re.compile(pattern).search(self.seen, after)) is None:
            left_s = deadline - time.monotonic()
            assert left_s > 0, f"{pattern!r} was not shown: {self.seen[after:]!r}"
            if select.select([self._master], [], [], left_s)[0]:
                self._read()
        return found.end()

    def wait_for_exit(self) -> int:
        """Its exit status. What it still says is read meanwhile, or it could not."""
        deadline = time.monotonic() + PATIENCE_S
        process = os.pidfd_open(self.process.pid)
        try:
            heard = [process, self._master]
            while process not in (ready := select.select(heard, [], [], max(0, deadline - time.monotonic()))[0]):
                assert ready, f"it does not end: {self.seen!r}"
                if not self._read():
                    heard.remove(self._master)
        finally:
            os.close(process)
        while select.select([self._master], [], [], 0)[0] and self._read():
            pass
        return self.process.wait()

    def modes(self) -> list[object]:
        return termios.tcgetattr(self._master)

    def reset_modes(self) -> None:
        modes = termios.tcgetattr(self._master)
        modes[3] |= termios.ICANON | termios.ECHO
        termios.tcsetattr(self._master, termios.TCSANOW, modes)

    def _read(self) -> bool:
        try:
            data = os.read(self._master, 65536)
        except OSError:
            return False  # EIO: nobody has the terminal open any more
        self._decoder_rest += data
        text = self._decoder_rest.decode("utf-8", "ignore")
        self.raw += text
        self._decoder_rest = self._decoder_rest[len(text.encode()) :]
        return bool(data)


@contextmanager
def terminal(*arguments: str, **more: str) -> Iterator[Terminal]:
    """It runs in a terminal of 80 by 24 for as long as the block lasts."""
    master, slave = pty.openpty()
    process = subprocess.Popen(
        attach_command(*arguments),
        stdin=slave,
        stdout=slave,
        stderr=slave,
        env=environment(**more),
        start_new_session=True,
        # The terminal becomes its own, so that Ctrl-C reaches it.
        preexec_fn=_take_terminal,
    )
    try:
        yield Terminal(process, master)
    finally:
        process.kill()
        process.wait()
        os.close(slave)
        os.close(master)


def _take_terminal() -> None:
    fcntl.ioctl(0, termios.TIOCSCTTY, 0)
