"""A Chromium of its own for each fault, as a user's is: none of the test driver's switches and emulations, which keep
tabs visible and timers running and have no back/forward cache.
"""

from __future__ import annotations

import os
import signal
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO

from playwright.sync_api import BrowserContext, Playwright

from tests.browser import FLAGS, find_chromium

LISTENING = "DevTools listening on "
PATIENCE_MS = 30_000


class Chromium:
    """`context` holds all of its tabs."""

    def __init__(self, process: subprocess.Popen[str], context: BrowserContext) -> None:
        self.context = context
        self._process = process

    def sleep(self) -> None:
        """As when the lid is closed: nothing of it runs."""
        self._signal(signal.SIGSTOP)

    def wake(self) -> None:
        self._signal(signal.SIGCONT)

    def _signal(self, number: signal.Signals) -> None:
        for pid in _family_of(self._process.pid):
            with suppress(ProcessLookupError):
                os.kill(pid, number)


@contextmanager
def open_chromium(playwright: Playwright, profile: Path) -> Iterator[Chromium]:
    """A browser with an empty profile, for as long as the block lasts."""
    command = [find_chromium(), *FLAGS, "--headless", "--remote-debugging-port=0", "--no-first-run"]
    command += [f"--user-data-dir={profile}", "about:blank"]
    process = subprocess.Popen(command, stderr=subprocess.PIPE, text=True, errors="replace")
    assert process.stderr is not None
    try:
        address = next((line for line in process.stderr if line.startswith(LISTENING)), "")
        assert address, "Chromium ended before it could be driven"
        # What else it has to say is of no interest, and a full pipe would stop it.
        threading.Thread(target=_read_to_end, args=(process.stderr,)).start()
        browser = playwright.chromium.connect_over_cdp(address.removeprefix(LISTENING).strip(), no_defaults=True)
        context = browser.contexts[0]
        context.set_default_timeout(PATIENCE_MS)
        yield Chromium(process, context)
        browser.close()
    finally:
        for pid in _family_of(process.pid):
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        process.wait()


def _read_to_end(pipe: IO[str]) -> None:
    with pipe:
        pipe.read()


def _family_of(pid: int) -> list[int]:
    """The process and all that descend from it."""
    children: dict[int, list[int]] = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                # The name, in parentheses, may hold anything: what follows the last one is a list of words.
                parent = int((entry / "stat").read_text().rpartition(")")[2].split()[1])
            except OSError:
                continue
            children.setdefault(parent, []).append(int(entry.name))
    family = [pid]
    for each in family:
        family += children.get(each, [])
    return family
