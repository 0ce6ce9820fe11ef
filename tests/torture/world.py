"""One schedule, run: a server, a network, clients and their troubles under a clock that jumps. Gives the history it made."""

from __future__ import annotations

import random as global_random
import traceback
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from functools import partial
from random import Random
from types import SimpleNamespace
from unittest.mock import patch

import httpx2
import structlog
import trio
from trio._core import _run as scheduler
from trio.testing import MockClock

from tests.torture import history as h
from tests.torture.browser import Browser
from tests.torture.disk import Disk
from tests.torture.oracle import Violation, violations
from tests.torture.schedules import Coming, Fault, Schedule, draw
from tests.torture.server import MAX_STREAMS, Server
from tests.torture.teller import Teller, some_text
from trio_agent.core.errors import StoreError, TrioAgentError
from trio_agent.core.message import Message
from trio_agent.runtime import log as runtime_log

SETTLE_S = 200.0
"""The longest that anything may need: two long heartbeats, the longest backoff, an overloaded server's wait."""
MAX_STEPS = 100_000
"""Task steps of one schedule; an ordinary one takes some thousands."""


@dataclass(slots=True)
class Outcome:
    seed: int
    history: list[h.Fact] = field(default_factory=list)
    counts: Counter[str] = field(default_factory=Counter)
    violations: list[Violation] = field(default_factory=list)

    @property
    def now(self) -> float:
        """When the last thing happened."""
        return self.history[-1].at if self.history else 0.0


class _World:
    def __init__(self, schedule: Schedule, outcome: Outcome) -> None:
        self._schedule = schedule
        self._outcome = outcome
        self._clients: dict[int, Browser] = {}
        self._posts_open = 0
        disk = Disk(self._random("disk"), self._record, self._count)
        teller = Teller(self._random("teller"), self._record, self._count)
        self._server = Server(disk, teller, self._record, self._count)
        self._healed = False

    def _random(self, who: str) -> Random:
        return Random(f"{who} {self._schedule.seed}")

    def _record(self, fact: h.Fact) -> None:
        self._outcome.history.append(fact)

    def _count(self, what: str) -> None:
        self._outcome.counts[what] += 1

    async def run(self) -> None:
        schedule = self._schedule
        async with trio.open_nursery() as self._nursery:
            self._nursery.start_soon(self._server.run)
            await self._server.first_up.wait()
            for number in range(schedule.first):
                await self._say(f"before anybody came {number}")
            for number, coming in enumerate(schedule.clients):
                self._nursery.start_soon(self._client, number, coming)
            with trio.move_on_after(schedule.lasts_s):
                async with trio.open_nursery() as troubles:
                    troubles.start_soon(self._traffic)
                    for fault in schedule.faults:
                        troubles.start_soon(self._trouble, fault)
                    await trio.sleep_forever()
            self._heal()
            await self._peace()
            await trio.sleep(schedule.quiet_s)
            await self._peace()
            for number, browser in self._clients.items():
                self._record(h.Settled(trio.current_time(), number))
                browser.leave()
            self._nursery.cancel_scope.cancel()

    # ------------------------------------------------------------------------------------------------------- people

    async def _client(self, number: int, coming: Coming) -> None:
        await trio.sleep(coming.at)
        browser = Browser(
            number, coming.habits, self._server, self._random(f"client {number}"), self._record, self._count
        )
        self._clients[number] = browser
        if coming.habits.way.hold_s:
            self._count("proxy that holds back")
        if coming.habits.read_pause_s:
            self._count("slow reader")
        if coming.habits.way.latency_s:
            self._count("delay")
        if 0 < coming.habits.way.piece_bytes < 10:
            self._count("bytes in crumbs")
        async with trio.open_nursery() as nursery:
            nursery.start_soon(browser.run)
            await trio.sleep_until(coming.until)
            browser.leave()
            nursery.cancel_scope.cancel()
        self._count("client left")
        del self._clients[number]

    async def _traffic(self) -> None:
        random = self._random("traffic")
        while True:
            await trio.sleep(random.expovariate(1 / self._schedule.traffic_s))
            if random.random() < 0.6:
                self._nursery.start_soon(self._say, some_text(random, random.choice((1, 3, 40))))
            else:
                self._nursery.start_soon(self._post, random.getrandbits(32))

    async def _say(self, text: str) -> None:
        """Something is recorded that nobody asked for; nobody minds where it is not."""
        session = self._server.session
        if session is None or not self._server.up:
            return
        try:
            await session.record(Message(content=text))
        except StoreError:
            self._count("refused by the store")

    async def _post(self, seed: int) -> None:
        """A user says something, and says it again under the same key until it is acknowledged."""
        random = Random(seed)
        key = f"key-{seed:08x}"
        text = f"{key} {some_text(random, 3)}"
        self._posts_open += 1
        while True:
            impatient = random.random() < 0.15 and not self._healed
            with trio.move_on_after(random.choice((0.0005, 0.015)) if impatient else float("inf")) as patience:
                try:
                    receipt = await self._server.post(text, key)
                except (httpx2.ConnectError, TrioAgentError):
                    self._count("post without an answer")
                else:
                    if receipt.replayed:
                        self._count("post replayed")
                    if not patience.cancel_called:
                        if random.random() < 0.75 or self._healed:
                            self._record(h.Acknowledged(trio.current_time(), key, str(receipt.cursor)))
                            break
                        self._count("answer lost")
            if patience.cancel_called:
                self._count("post given up half-way")
            await trio.sleep(random.choice((0.1, 0.5, 3.0)))
        self._posts_open -= 1

    # ----------------------------------------------------------------------------------------------------- troubles

    async def _trouble(self, fault: Fault) -> None:
        await trio.sleep(fault.at)
        server, disk = self._server, self._server.disk
        browser = self._pick(fault.target)
        match fault.kind:
            case "cut":
                if browser is not None and browser.link is not None:
                    self._count(f"cut: {fault.ending}")
                    browser.link.cut(fault.ending, fault.size)
            case "stall":
                if browser is not None and browser.link is not None:
                    self._count("stall")
                    self._nursery.start_soon(self._stall, browser, fault.seconds)
            case "swallow" | "flap":
                if browser is not None:
                    self._nursery.start_soon(self._hide, browser, fault)
            case "store full":
                disk.full = True
                await trio.sleep(min(fault.seconds, 5))
                disk.full = False
            case "store unreadable":
                disk.unreadable = True
                if browser is not None and browser.link is not None:
                    browser.link.cut("reset")
                await trio.sleep(min(fault.seconds, 2))
                disk.unreadable = False
            case "crowd":
                await self._crowd(fault.seconds)
            case "burst":
                self._count("burst")
                for number in range(8 + fault.size % 40):
                    self._nursery.start_soon(self._say, f"burst {number}")
            case "storyline":
                self._nursery.start_soon(self._post, fault.size + 1_000_000)
            case "stop" | "crash" | "power cut" | "crash at append" if server.up:
                self._kill(fault)

    def _kill(self, fault: Fault) -> None:
        server, disk = self._server, self._server.disk
        server.down_s = min(fault.seconds, 6) if fault.seconds != 0.1 else 0.0
        match fault.disk:
            case "swap":
                server.after_death.append(disk.swap_log)
            case "older":
                server.after_death.append(disk.restore_older)
        match fault.kind:
            case "stop":
                self._count("stop")
                server.stop()
            case "crash at append":
                disk.crash_at_append = "after" if fault.target < 0.6 else "before"
            case _:
                self._count(fault.kind)
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
            browser.dropping = 2_500
        if browser.link is not None:
            browser.link.cut("reset")
        await trio.sleep(max(fault.seconds, 12.0))
        browser.swallowing, browser.dropping = False, None

    async def _crowd(self, seconds: float) -> None:
        """Others take every place there is, and somebody must come back."""
        serving = self._server.serving
        if serving is None:
            return
        self._count("crowd")
        for browser in self._clients.values():
            if browser.link is not None:
                browser.link.cut("reset")
        await trio.testing.wait_all_tasks_blocked()
        with ExitStack() as places:
            for _ in range(MAX_STREAMS):
                places.enter_context(serving.place())
            await trio.sleep(max(seconds, 1.0))

    def _pick(self, target: float) -> Browser | None:
        present = list(self._clients.values())
        return present[int(target * len(present))] if present else None

    # ---------------------------------------------------------------------------------------------------------- peace

    def _heal(self) -> None:
        """From here on nothing new goes wrong; what is broken is still broken."""
        self._healed = True
        disk = self._server.disk
        disk.full = disk.unreadable = False
        disk.crash_at_append = ""

    async def _peace(self) -> None:
        """Wait until nobody has anything left to do, though not for ever: who never gets there has lost something."""
        with trio.move_on_after(SETTLE_S):
            # A look now and then is right here: the clock jumps, and an event for each part would be one to forget.
            while not self._settled():  # noqa: ASYNC110
                await trio.sleep(0.5)

    def _settled(self) -> bool:
        session = self._server.session
        if not self._server.up or session is None or session.running or self._posts_open:
            return False
        end = session.log.cursor
        have = str(end) if end.index else ""
        return all(
            browser.link is not None
            and browser.link.lives
            and (browser.screen.cursor, browser.screen.state_count) == (have, end.index)
            for browser in self._clients.values()
        )


class _StepLimit(trio.abc.Instrument):
    """Ends a world that runs on the spot."""

    def __init__(self, scope: trio.CancelScope) -> None:
        self._scope = scope
        self.steps = 0

    def before_task_step(self, task: trio.lowlevel.Task) -> None:
        self.steps += 1
        if self.steps > MAX_STEPS:
            self._scope.cancel()


def run_seed(seed: int) -> Outcome:
    """Run the schedule of `seed`, and judge it."""
    outcome = Outcome(seed)
    schedule = draw(seed)
    world = _World(schedule, outcome)

    async def bounded() -> None:
        with trio.CancelScope() as scope:
            limit = _StepLimit(scope)
            trio.lowlevel.add_instrument(limit)
            await world.run()
        outcome.counts["steps"] = limit.steps
        if scope.cancelled_caught:
            outcome.violations.append(Violation("hot loop", trio.current_time(), f"{limit.steps} steps"))

    with _deterministic(seed), _scaled(schedule), structlog.testing.capture_logs():
        try:
            trio.run(bounded, clock=MockClock(autojump_threshold=0))
        except Exception:  # noqa: BLE001  (whatever it is, this seed shows it)
            outcome.violations.append(Violation("broken down", outcome.now, traceback.format_exc()))
    outcome.violations += violations(outcome.history)
    return outcome


@contextmanager
def _scaled(schedule: Schedule) -> Iterator[None]:
    """The log's sizes as the schedule has them."""
    with (
        patch("trio_agent.runtime.log.CHUNK_BYTES", schedule.chunk_bytes),
        patch("trio_agent.runtime.live.TOOL_TAIL_CHARS", schedule.tool_chars),
        patch("trio_agent.runtime.hall.open_log", partial(runtime_log.open_log, tail_bytes=schedule.tail_bytes)),
    ):
        yield


@contextmanager
def _deterministic(seed: int) -> Iterator[None]:
    """Nothing is left to chance: neither the order of tasks, nor identities, nor the waits that a server asks for."""
    random = Random(f"identities {seed}")
    identities = SimpleNamespace(token_hex=lambda size: random.randbytes(size).hex(), token_bytes=random.randbytes)
    kept = global_random.getstate()
    global_random.seed(seed)
    try:
        with (
            patch.object(scheduler, "_ALLOW_DETERMINISTIC_SCHEDULING", True),
            patch.object(scheduler, "_r", Random(f"tasks {seed}")),
            patch("trio_agent.runtime.hall.secrets", identities),
        ):
            yield
    finally:
        global_random.setstate(kept)
