"""What goes wrong in a world, when its schedule says so."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import ExitStack

import trio
from trio.testing import wait_all_tasks_blocked

from tests.torture.browser import Browser
from tests.torture.outcome import Outcome
from tests.torture.people import People
from tests.torture.schedules import Fault
from tests.torture.server import MAX_STREAMS, Server

FULL_S, UNREADABLE_S, DOWN_S = 5.0, 2.0, 6.0
"""The longest that a store is full or unreadable, or a server is down."""
HIDDEN_S = 12.0
"""The shortest that a client is cut off: backoff must have time to show."""
OPENED_BYTES = 2_500
"""So much comes through before a flapping network drops a connection: it opens, and more."""


class Troubles:
    """`clients` are those who are there now, by their numbers."""

    def __init__(
        self,
        server: Server,
        people: People,
        clients: Mapping[int, Browser],
        outcome: Outcome,
        nursery: trio.Nursery,
    ) -> None:
        self._server = server
        self._people = people
        self._clients = clients
        self._outcome = outcome
        self._nursery = nursery

    async def bring(self, fault: Fault) -> None:
        """Wait until `fault` is due, and let it happen."""
        await trio.sleep(fault.at)
        disk = self._server.disk
        browser = self._pick(fault.target)
        match fault.kind:
            case "cut" if browser is not None and browser.link is not None:
                self._outcome.count(f"cut: {fault.ending}")
                browser.link.cut(fault.ending, fault.size)
            case "stall" if browser is not None and browser.link is not None:
                self._outcome.count("stall")
                self._nursery.start_soon(self._stall, browser, fault.seconds)
            case "swallow" | "flap" if browser is not None:
                self._nursery.start_soon(self._hide, browser, fault)
            # A server that cannot read its store does not begin at all, which is another story.
            case "store full" if self._server.up:
                disk.full = True
                await trio.sleep(min(fault.seconds, FULL_S))
                disk.full = False
            case "store unreadable" if self._server.up:
                disk.unreadable = True
                self._cut_off(browser)
                await trio.sleep(min(fault.seconds, UNREADABLE_S))
                disk.unreadable = False
            case "crowd":
                await self._crowd(fault.seconds)
            case "burst":
                self._outcome.count("burst")
                for number in range(8 + fault.size % 40):
                    self._nursery.start_soon(self._people.say, f"burst {number}")
            case "post":
                # Small numbers come again: the same key from two users at once.
                self._nursery.start_soon(self._people.post, fault.size)
            case "stop" | "crash" | "power cut" | "crash at append" if self._server.up:
                self._kill(fault)

    def _kill(self, fault: Fault) -> None:
        server, disk = self._server, self._server.disk
        server.down_s = min(fault.seconds, DOWN_S)
        match fault.disk:
            case "swap":
                server.after_death.append(disk.swap_log)
            case "older":
                server.after_death.append(disk.restore_older)
            case "":
                pass
        match fault.kind:
            case "stop":
                self._outcome.count("stop")
                server.stop()
            case "crash at append":
                disk.crash_at_append = "after" if fault.target < 0.6 else "before"
            case _:
                self._outcome.count(fault.kind)
                server.crash("silent" if fault.kind == "power cut" else "reset")

    async def _stall(self, browser: Browser, seconds: float) -> None:
        link = browser.link
        if link is not None:
            link.stall(seconds)
            await trio.sleep(seconds)
            link.resume()

    async def _hide(self, browser: Browser, fault: Fault) -> None:
        """For a while the network brings no answer at all, or drops every connection right after it opened."""
        if fault.kind == "swallow":
            browser.swallowing = True
        else:
            browser.dropping = OPENED_BYTES
        self._cut_off(browser)
        await trio.sleep(max(fault.seconds, HIDDEN_S))
        browser.swallowing, browser.dropping = False, None

    async def _crowd(self, seconds: float) -> None:
        """Others take every place there is, and somebody must come back."""
        serving = self._server.serving
        if serving is None:
            return
        self._outcome.count("crowd")
        for browser in self._clients.values():
            self._cut_off(browser)
        await wait_all_tasks_blocked()
        with ExitStack() as places:
            for _ in range(MAX_STREAMS):
                places.enter_context(serving.place())
            await trio.sleep(max(seconds, 1.0))

    def _cut_off(self, browser: Browser | None) -> None:
        if browser is not None and browser.link is not None:
            browser.link.cut("reset")

    def _pick(self, target: float) -> Browser | None:
        present = list(self._clients.values())
        return present[int(target * len(present))] if present else None
