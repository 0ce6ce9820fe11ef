"""The long runs: `python -m tests.crash [NAME ...]` makes those that are named, or all, and prints one line a figure.

Exits with 1 if any promise was broken; what was, and how to see it again, stands on stderr.
"""

from __future__ import annotations

import argparse
import itertools
import sys
import tempfile
from collections import Counter
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path

import trio

from tests.crash.crowd import gather
from tests.crash.damage import outcomes
from tests.crash.faults import CALLS, strace_works, survive_faults
from tests.crash.kills import survive_kills
from tests.crash.stopping import SIGNALS, SITUATIONS, stop
from tests.torture import report

KILLS, STOPS, FAULTY_CALLS, DAMAGED_FILES = 200, 300, 300, 2000
STUCK, FAST, CROWD_S = 20, 50, 60
KILLS_A_SERVER = 50
"""A log of its own for so many: a reader begins anew with each, and a failing one is quicker to see again."""


@dataclass(frozen=True)
class Told:
    """What a run found: figures by name, what of them stands in the docs, and which promises broke, fit to be seen again."""

    figures: dict[str, object]
    summary: str
    broken: list[str]


async def kills(folder: Path, seed: int) -> Told:
    counts: Counter[str] = Counter()
    broken: list[str] = []
    for number, sandbox in enumerate(("auto", "none") * (KILLS // KILLS_A_SERVER // 2)):
        house = await survive_kills(folder / str(number), KILLS_A_SERVER, seed + number, sandbox)
        counts += house.counts
        broken += [f"seed {seed + number}: {each}" for each in house.broken]
    named = (
        *("kills", "kills while starting", "acknowledged", "posts cut off", "posts known already", "streams cut off"),
        *("messages", "tools begun", "tools ended", "interrupted"),
    )
    return Told(
        {**{name: counts[name] for name in named}, "lost, missing, twice, run twice or left behind": len(broken)},
        f"{counts['kills']} kills ({counts['kills while starting']} while starting), {counts['acknowledged']:,} posts "
        f"acknowledged and {counts['posts cut off']:,} attempts cut off, {counts['tools begun']} tools begun: "
        f"{len(broken)} lost, missing, twice, run twice or left behind",
        broken,
    )


async def stops(folder: Path, seed: int) -> Told:
    seconds: list[float] = []
    broken: list[str] = []
    cases = itertools.cycle(itertools.product(SITUATIONS, SIGNALS))
    for number, (situation, signals) in enumerate(itertools.islice(cases, STOPS)):
        scene = await stop(folder / str(number), situation, signals, wait_for_bye=number % 2 == 0)
        seconds.append(scene.seconds)
        told = " ".join(each.name for each in signals)
        broken += [f"{situation}, {told}: {each}" for each in scene.house.broken]
    return Told(
        {
            "runs": len(seconds),
            "slowest, seconds": f"{max(seconds):.1f}",
            "not in time, not in order or something left behind": len(broken),
        },
        f"{len(seconds)} runs, the slowest {max(seconds):.1f} s: {len(broken)} not in time, not in order, or with something "
        "left behind",
        broken,
    )


async def faults(folder: Path, seed: int) -> Told:
    if not strace_works():
        missing = "strace is not installed, or may not look at processes here"
        return Told({"not run": missing}, missing, [missing])
    met = [(error, call) for call in range(1, FAULTY_CALLS + 1) for error in CALLS]
    house = await survive_faults(folder, met, seed)
    counts, broken = house.counts, house.broken
    return Told(
        {
            "calls that failed": counts["faults"],
            "acknowledged all the same": counts["acknowledged"],
            "answered 507": counts["answered 507"],
            "answered 503": counts["answered 503"],
            "kills and restarts in between": counts["kills"],
            "lost, missing, twice or not got over": len(broken),
        },
        f"{counts['faults']} faults: {counts['answered 507']} times 507, {counts['answered 503']} times 503, "
        f"{counts['acknowledged']:,} posts acknowledged, {counts['kills']} kills: {len(broken)} lost, missing, twice or not "
        "got over",
        broken,
    )


async def crowd(folder: Path, seed: int) -> Told:
    met = await gather(folder, stuck=STUCK, fast=FAST, lasting_s=CROWD_S)
    return Told(
        {
            "stopped, and reading beside them": f"{STUCK}, {FAST}",
            "p99 of the others, ms": f"{1000 * met.p99_s:.0f}",
            "memory grown, MiB": f"{met.grown_mib:.1f}",
            "freed after, seconds": f"{met.freed_s:.1f}",
            "exit with them, seconds": f"{met.exit_s:.1f}",
        },
        f"p99 of the {FAST}: {1000 * met.p99_s:.0f} ms; memory grown by {met.grown_mib:.0f} MiB; the {STUCK} freed after "
        f"{met.freed_s:.1f} s; exit with {STUCK} more of them in {met.exit_s:.1f} s",
        met.verdict(),
    )


async def damage(folder: Path, seed: int) -> Told:
    counts = await outcomes(folder, range(seed * DAMAGED_FILES, (seed + 1) * DAMAGED_FILES))
    return Told(
        # One that is opened short or wrong would have raised.
        {"refused": counts["refused"], "whole all the same": counts["whole"], "opened short or wrong": 0},
        f"{DAMAGED_FILES:,} stores: {counts['refused']:,} refused, {counts['whole']:,} whole all the same, none opened short "
        "or wrong",
        [],
    )


RUNS: dict[str, Callable[[Path, int], Awaitable[Told]]] = {
    "kills": kills,
    "stops": stops,
    "faults": faults,
    "crowd": crowd,
    "damage": damage,
}


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.crash", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"of {', '.join(RUNS)}; default: all")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--write", action="store_true", help="put the figures into docs/reliability.md")
    arguments = parser.parse_args()
    broken: list[str] = []
    for name in arguments.names or RUNS:
        with tempfile.TemporaryDirectory() as folder:
            told = trio.run(RUNS[name], Path(folder) / name, arguments.seed)
        for figure, value in told.figures.items():
            print(f"{name}: {figure}: {value}", flush=True)
        if arguments.write:
            report.put(f"crash {name}", told.summary)
        broken += told.broken
    for each in broken:
        print(each, file=sys.stderr)
    return 1 if broken else 0


if __name__ == "__main__":
    sys.exit(main())
