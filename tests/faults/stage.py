"""Where one fault is played: a server, the proxy before it, a browser with a page of its own session, and those who talk."""

from __future__ import annotations

import random
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from playwright.sync_api import Page, Playwright, expect

from tests.faults.chromium import Chromium, open_chromium
from tests.faults.judge import Span
from tests.faults.proxy import HOST, FaultyProxy
from tests.faults.sighting import WITNESS
from tests.served import ServedRepository

CONNECTED_MS = 90_000
"""Where a browser has kept connections that are dead, a try over each of them takes 10 s."""


@dataclass(slots=True)
class House:
    """What many faults are played in, one after the other: a server and the proxy before it."""

    server: ServedRepository
    proxy: FaultyProxy
    folder: Path
    playwright: Playwright


@dataclass(slots=True)
class Stage:
    house: House
    number: int
    chromium: Chromium
    session: str
    page: Page
    """The one that something is said in."""
    chance: random.Random
    set_at: float = 0.0
    counts: Counter[str] = field(default_factory=Counter)
    said_here: list[str] = field(default_factory=list)
    """What was said by the page itself: each is to be in the log once."""
    refused: list[Span] = field(default_factory=list)
    offline: list[Span] = field(default_factory=list)
    asleep: list[Span] = field(default_factory=list)
    asked_to_wait_s: int = 0
    others: list[Page] = field(default_factory=list)
    """More tabs on the same session, which the same must be true of."""
    told: list[str] = field(default_factory=list)
    """What was drawn for this fault, for people to read."""

    @property
    def proxy(self) -> FaultyProxy:
        return self.house.proxy

    @property
    def server(self) -> ServedRepository:
        return self.house.server

    @property
    def address(self) -> str:
        """Of the page, by way of the proxy."""
        return f"http://{HOST}:{self.proxy.port}/sessions/{self.session}/"

    def draw(self, name: str, low: float, high: float) -> float:
        value = round(self.chance.uniform(low, high), 3)
        self.told.append(f"{name}={value}")
        return value

    def pick(self, name: str, low: int, high: int) -> int:
        value = self.chance.randint(low, high)
        self.told.append(f"{name}={value}")
        return value

    def choose(self, name: str, *choices: str) -> str:
        value = self.chance.choice(choices)
        self.told.append(f"{name}={value}")
        return value

    def lasts(self, seconds: float) -> None:
        """The fault goes on for so long: not a wait for something, but what the fault is."""
        self.page.wait_for_timeout(1000 * seconds)

    def say(self, text: str) -> None:
        """Say it to the server directly, as another client does."""
        with self.server.client() as client:
            answer = client.post(f"sessions/{self.session}/chat", json={"message": text})
            assert answer.status_code == 202, answer.text

    def say_here(self, text: str) -> None:
        """Say it in the page."""
        self.said_here.append(text)
        self.page.fill("#prompt", text)
        self.page.press("#prompt", "Enter")

    def wait_connected(self, page: Page | None = None) -> None:
        connected = (page or self.page).locator('network-status[data-status="connected"]')
        expect(connected).to_have_count(1, timeout=CONNECTED_MS)

    def open_tab(self) -> Page:
        """A page on the session, connected."""
        page = self.chromium.context.new_page()
        page.add_init_script(WITNESS)
        page.goto(f"{self.address}#token={self.server.token}")
        self.wait_connected(page)
        return page

    def slept(self, began: float) -> None:
        """What was on its way when the machine fell asleep has waited in it, and may be read when it wakes: silence counts
        from then.
        """
        self.asleep.append((began, time.time()))
        for visit in self.proxy.visits:
            if visit.ended_at is None:
                visit.passed_at += [began + second for second in range(int(time.time() - began))] + [time.time()]

    @contextmanager
    def visited_again(self, times: int = 1) -> Iterator[None]:
        """What the block does makes the page ask for the stream again; waits until it has."""
        before = len(self.proxy.visits)
        yield
        self.proxy.wait_visits(before + times)

    @contextmanager
    def server_is_back_after(self) -> Iterator[None]:
        """Whatever becomes of the page meanwhile, the next fault needs a server."""
        try:
            yield
        finally:
            self.server.start()

    @contextmanager
    def none_listens(self) -> Iterator[None]:
        began = time.time()
        self.proxy.refuse()
        try:
            yield
        finally:
            self.proxy.listen()
            self.refused.append((began, time.time()))


@contextmanager
def set_stage(house: House, number: int) -> Iterator[Stage]:
    """A new session, and a page on it that is connected."""
    with house.server.client() as client:
        session = client.post("sessions", json={}).json()["session_id"]
    house.proxy.visits.clear()
    with open_chromium(house.playwright, house.folder / f"profile-{number}") as chromium:
        blank = chromium.context.pages[0]
        stage = Stage(house, number, chromium, session, blank, random.Random(number))
        stage.page = stage.open_tab()
        blank.close()
        stage.set_at = time.time()
        yield stage
