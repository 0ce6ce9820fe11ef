"""A long time with many clients, under a clock that jumps: what comes must go again, and every heartbeat is counted.

No network stands between: 64 clients come, read for a while and go, while something is said every second. The store forgets
the beginning of the log, as no store does, so that what grows here is a leak and not the log.
"""

from __future__ import annotations

import gc
import os
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import partial
from random import Random
from unittest.mock import patch

import structlog
import trio
from trio.testing import MockClock

from tests.torture.server import clock
from tests.torture.teller import Teller
from trio_agent.core.message import Message
from trio_agent.core.sse import Parser
from trio_agent.runtime.hall import open_hall
from trio_agent.runtime.log import open_log
from trio_agent.runtime.session import Session
from trio_agent.seams import Entry
from trio_agent.stores.memory import MemoryStore
from trio_agent.web.stream import Start, open_stream

CLIENTS = 64
MESSAGE_S = 1.0
HEARTBEAT_S = 15.0
STAY_S = (20.0, 3_600.0)
AWAY_S = (0.0, 30.0)
"""How long a client reads, and is away between two visits."""
WARM_UP_S = 120.0
TAIL_BYTES = 16_000
LATE_S = 0.001
"""Less than this before the end of a visit, a heartbeat or a message may or may not have come."""


@dataclass(slots=True)
class Soaked:
    """What a soak measured. `missed` counts gaps, and what was said in time before a client left and had not come.

    Tasks, descriptors and objects are counted when all clients are away, at the beginning and at the end.
    """

    hours: float
    messages: int = 0
    said_at: float = 0.0
    visits: int = 0
    received: int = 0
    missed: int = 0
    beats: int = 0
    beats_due: int = 0
    tasks: list[int] = field(default_factory=list)
    descriptors: list[int] = field(default_factory=list)
    objects: list[int] = field(default_factory=list)
    kinds: list[Counter[str]] = field(default_factory=list)

    def line(self) -> str:
        return (
            f"soak: {self.hours:g} virtual hours, {self.visits} visits, {self.messages} messages said, "
            f"{self.received} received, {self.missed} missed, heartbeats {self.beats} of {self.beats_due}, "
            f"tasks {self.tasks[0]} -> {self.tasks[-1]}, descriptors {self.descriptors[0]} -> {self.descriptors[-1]}, "
            f"objects {self.objects[0]} -> {self.objects[-1]}"
        )


class _ShortStore(MemoryStore):
    """Takes messages and keeps none: nobody here reads what is older than the log's own memory."""

    async def append(self, entries: Sequence[Entry]) -> None:
        await trio.lowlevel.checkpoint()


def soak(hours: float, seed: int = 0) -> Soaked:
    """Let it run for so many virtual hours."""
    soaked = Soaked(hours)
    # The end of the log that is kept in memory fills, and that is no leak: a short one is full before anything is measured.
    short = partial(open_log, tail_bytes=TAIL_BYTES)
    with structlog.testing.capture_logs(), patch("trio_agent.runtime.hall.open_log", short):
        trio.run(_soak, soaked, Random(seed), clock=MockClock(autojump_threshold=0))
    return soaked


async def _soak(soaked: Soaked, random: Random) -> None:
    teller = Teller(Random(0), lambda fact: None, lambda what: None)
    async with open_hall(_ShortStore(), teller, project="", clock=clock) as hall:
        session = await hall.newest()
        await _visits(soaked, session, random, WARM_UP_S)
        _measure(soaked)
        await _visits(soaked, session, random, WARM_UP_S + 3_600.0 * soaked.hours)
        _measure(soaked)


async def _visits(soaked: Soaked, session: Session, random: Random, until: float) -> None:
    """Clients come and go, and something is said every second, until then; all are away on return."""
    async with trio.open_nursery() as talking:
        talking.start_soon(_talk, soaked, session)
        async with trio.open_nursery() as nursery:
            for number in range(CLIENTS):
                nursery.start_soon(_client, soaked, session, Random(f"{number} {random.random()}"), until)
        talking.cancel_scope.cancel()


async def _talk(soaked: Soaked, session: Session) -> None:
    while True:
        await trio.sleep(MESSAGE_S)
        await session.record(Message(content="."))
        soaked.messages += 1
        soaked.said_at = trio.current_time()


async def _client(soaked: Soaked, session: Session, random: Random, until: float) -> None:
    while (now := trio.current_time()) < until:
        leave = min(until, now + random.uniform(*STAY_S))
        await _visit(soaked, session, leave)
        await trio.sleep(random.uniform(*AWAY_S))


async def _visit(soaked: Soaked, session: Session, leave: float) -> None:
    began, parser, beats = trio.current_time(), Parser(), 0
    first = due = session.log.cursor.index
    stream = open_stream(
        session, Start(session.log.cursor), heartbeat_s=HEARTBEAT_S, stopping=lambda: False, clock=clock
    )
    async with stream as chunks:
        with trio.move_on_at(leave):
            async for chunk in chunks:
                for event in parser.feed(chunk):
                    if event.event == "message":
                        due += 1
                        soaked.missed += int(event.id.split(".")[1]) != due
                    beats += event.event == "heartbeat"
            # A stream that ended by itself: what it leaves out until the client would have gone is missed.
            await trio.sleep_until(leave)
        soaked.missed += max(0, _due_by_now(soaked, session) - due)
    stayed = trio.current_time() - began
    soaked.visits += 1
    soaked.received += due - first
    soaked.beats += beats
    soaked.beats_due += beats if stayed % HEARTBEAT_S < LATE_S else int(stayed // HEARTBEAT_S)


def _due_by_now(soaked: Soaked, session: Session) -> int:
    """How many messages a client must have by now: all but one that is said in this instant."""
    return session.log.cursor.index - (trio.current_time() - soaked.said_at < LATE_S)


def _measure(soaked: Soaked) -> None:
    gc.collect()
    traced = gc.get_objects()
    soaked.objects.append(len(traced))
    soaked.kinds.append(Counter(type(each).__name__ for each in traced))
    soaked.descriptors.append(len(os.listdir("/proc/self/fd")))
    soaked.tasks.append(trio.lowlevel.current_statistics().tasks_living)
