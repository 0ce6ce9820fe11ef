"""A world: a server, a network, clients, people and their troubles, as one schedule has them."""

from __future__ import annotations

from random import Random

import trio

from tests.torture import history as h
from tests.torture.browser import Browser, Habits
from tests.torture.disk import Disk
from tests.torture.outcome import Outcome
from tests.torture.people import People
from tests.torture.schedules import Coming, Schedule
from tests.torture.server import Server
from tests.torture.teller import Teller
from tests.torture.troubles import Troubles

SETTLE_S = 200.0
"""The longest that anything may need: two long heartbeats, the longest backoff, an overloaded server's wait."""


class World:
    """Run it once; what happens goes into `outcome`."""

    def __init__(self, schedule: Schedule, outcome: Outcome) -> None:
        self._schedule = schedule
        self._outcome = outcome
        self._clients: dict[int, Browser] = {}
        disk = Disk(self._random("disk"), outcome.record, outcome.count)
        teller = Teller(self._random("teller"), outcome.record, outcome.count)
        self._server = Server(disk, teller, outcome.record, outcome.count)

    async def run(self) -> None:
        """From the first client to the peace after the last trouble."""
        schedule = self._schedule
        async with trio.open_nursery() as nursery:
            self._people = People(self._server, self._outcome, nursery)
            nursery.start_soon(self._server.run)
            await self._server.first_up.wait()
            for number in range(schedule.first):
                await self._people.say(f"before anybody came {number}")
            for number, coming in enumerate(schedule.clients):
                nursery.start_soon(self._client, number, coming)
            await self._suffer(nursery)
            await self._rest()
            await trio.sleep(schedule.quiet_s)
            await self._rest()
            for number, browser in self._clients.items():
                self._outcome.record(h.Settled(trio.current_time(), number))
                browser.leave()
            nursery.cancel_scope.cancel()

    async def _suffer(self, nursery: trio.Nursery) -> None:
        """Everybody talks, and all goes wrong that shall; on return nothing new will."""
        schedule, disk = self._schedule, self._server.disk
        troubles = Troubles(self._server, self._people, self._clients, self._outcome, nursery)
        with trio.move_on_after(schedule.lasts_s):
            async with trio.open_nursery() as passing:
                passing.start_soon(self._people.talk, self._random("people"), schedule.traffic_s)
                for fault in schedule.faults:
                    passing.start_soon(troubles.bring, fault)
        self._people.in_peace = True
        disk.full = disk.unreadable = False
        disk.crash_at_append = ""

    async def _client(self, number: int, coming: Coming) -> None:
        """One client, from when it comes until it goes."""
        await trio.sleep(coming.at)
        record, count = self._outcome.record, self._outcome.count
        browser = Browser(number, coming.habits, self._server, self._random(f"client {number}"), record, count)
        self._clients[number] = browser
        for trait in _traits(coming.habits):
            count(trait)
        async with trio.open_nursery() as nursery:
            nursery.start_soon(browser.run)
            await trio.sleep_until(coming.until)
            browser.leave()
            nursery.cancel_scope.cancel()
        count("client left")
        del self._clients[number]

    async def _rest(self) -> None:
        """Wait until nobody has anything left to do, though not for ever: who never gets there has lost something."""
        with trio.move_on_after(SETTLE_S):
            # A look now and then is right here: the clock jumps, and an event for each part would be one to forget.
            while not self._at_rest():  # noqa: ASYNC110
                await trio.sleep(0.5)

    def _at_rest(self) -> bool:
        session = self._server.session
        if not self._server.up or session is None or session.running or self._people.posting:
            return False
        end = session.log.cursor
        have = str(end) if end.index else ""
        return all(
            browser.link is not None
            and browser.link.lives
            and browser.link.idle
            and (browser.screen.cursor, browser.screen.state_count) == (have, end.index)
            for browser in self._clients.values()
        )

    def _random(self, who: str) -> Random:
        return Random(f"{who} {self._schedule.seed}")


def _traits(habits: Habits) -> list[str]:
    """What is worth counting of how a client reads."""
    way = habits.way
    traits = {
        "proxy that holds back": way.hold_s > 0,
        "slow reader": habits.read_pause_s > 0,
        "delay": way.latency_s > 0,
        "bytes in crumbs": 0 < way.piece_bytes < 10,
    }
    return [trait for trait, there in traits.items() if there]
