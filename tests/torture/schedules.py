"""Schedules: what goes wrong, and when. Everything is drawn from one seed, so a seed is a whole story."""

from __future__ import annotations

from dataclasses import dataclass
from random import Random
from typing import Literal

from tests.torture.browser import Habits
from tests.torture.network import Way

FaultKind = Literal[
    "cut",
    "stall",
    "swallow",
    "flap",
    "crash",
    "power cut",
    "crash at append",
    "stop",
    "store full",
    "store unreadable",
    "crowd",
    "burst",
    "post",
]

_WEIGHTS: dict[FaultKind, int] = {
    "cut": 24,
    "stall": 10,
    "swallow": 3,
    "flap": 5,
    "crash": 5,
    "power cut": 3,
    "crash at append": 6,
    "stop": 5,
    "store full": 5,
    "store unreadable": 6,
    "crowd": 2,
    "burst": 8,
    "post": 8,
}

DiskChange = Literal["", "swap", "older"]


@dataclass(frozen=True, slots=True)
class Fault:
    """Something happens at `at`. `target` draws the client it befalls; `ending`, `size` and `seconds` mean what it needs."""

    at: float
    kind: FaultKind
    target: float
    ending: str
    size: int
    seconds: float
    disk: DiskChange


@dataclass(frozen=True, slots=True)
class Coming:
    """A client comes at `at` and goes at `until` (infinity = it stays to the end)."""

    at: float
    until: float
    habits: Habits


@dataclass(frozen=True, slots=True)
class Schedule:
    """`tail_bytes`, `chunk_bytes` and `tool_chars` take the place of the product's own: what is small meets its limits too."""

    seed: int
    lasts_s: float
    quiet_s: float
    tail_bytes: int
    chunk_bytes: int
    tool_chars: int
    traffic_s: float
    """Seconds between two things said, on average."""
    first: int
    """Messages that are there before anybody comes."""
    faults: tuple[Fault, ...]
    clients: tuple[Coming, ...]


def draw(seed: int) -> Schedule:
    """The schedule of `seed`."""
    random = Random(f"schedule {seed}")
    lasts_s = random.uniform(5, 18)
    # A client that keeps its place once in a while cannot know of a tail that was exchanged behind it.
    overlaps = random.random() < 0.35
    faults = [_fault(random, lasts_s, overlaps) for _ in range(random.randint(1, 7))]
    clients = [_coming(random, lasts_s, overlaps) for _ in range(random.choice((1, 1, 2, 2, 3)))]
    return Schedule(
        seed=seed,
        lasts_s=lasts_s,
        quiet_s=random.choice((0.5, 0.5, 12.0, 35.0)),
        tail_bytes=random.choice((600, 3_000, 20_000, 8 << 20)),
        chunk_bytes=random.choice((400, 2_000, 256 << 10)),
        tool_chars=random.choice((100, 1_000, 16 << 10)),
        traffic_s=random.choice((0.4, 1.0, 2.5)),
        first=random.choice((0, 0, 3, 12)),
        faults=tuple(sorted(faults, key=lambda fault: fault.at)),
        clients=tuple(clients),
    )


def _fault(random: Random, lasts_s: float, overlaps: bool) -> Fault:
    (kind,) = random.choices(list(_WEIGHTS), list(_WEIGHTS.values()))
    changes: tuple[DiskChange, ...] = ("", "", "swap") if overlaps else ("", "", "swap", "older", "older")
    return Fault(
        at=random.uniform(0, lasts_s),
        kind=kind,
        target=random.random(),
        ending=random.choice(("reset", "finish", "silent")),
        size=random.choice((0, random.randint(1, 60), random.randint(1, 3_000))),
        seconds=random.choice((0.1, 1.0, random.uniform(0, 8), random.uniform(20, 30))),
        disk=random.choice(changes),
    )


def _coming(random: Random, lasts_s: float, overlaps: bool) -> Coming:
    at = random.choice((0.0, random.uniform(0, lasts_s)))
    until = at + random.uniform(0.5, lasts_s) if random.random() < 0.25 else float("inf")
    slow = random.random() < 0.2
    way = Way(
        latency_s=random.choice((0, 0, 0.005, 0.04)),
        piece_bytes=random.choice((0, 0, 0, 3, 200)),
        buffer_bytes=2_000 if slow else 1 << 20,
        hold_s=random.choice((0, 0, 0, 0, 0, 0, 1.5)),
    )
    habits = Habits(
        heartbeat_s=random.choice((5.0, 5.0, 8.0, 15.0)),
        join=random.choice(("start", "start", "start", "from", "bad cursor")),
        way=way,
        read_pause_s=random.choice((0.05, 0.6)) if slow else 0.0,
        overlaps=overlaps,
    )
    return Coming(at, until, habits)
