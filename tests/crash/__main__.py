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
from pathlib import Path

import trio

from tests.crash.crowd import gather
from tests.crash.damage import outcomes
from tests.crash.faults import CALLS, strace_works, survive_faults
from tests.crash.kills import survive_kills
from tests.crash.stopping import SIGNALS, SITUATIONS, stop

KILLS, STOPS, FAULTY_CALLS, DAMAGED_FILES = 200, 300, 300, 2000
STUCK, FAST, CROWD_S = 20, 50, 60
KILLS_A_SERVER = 50
"""A log of its own for so many: a reader begins anew with each, and a failing one is quicker to see again."""


def say(figure: str, value: object) -> None:
    print(f"{figure}: {value}", flush=True)


async def kills(folder: Path, seed: int) -> list[str]:
    counts: Counter[str] = Counter()
    broken: list[str] = []
    for number, sandbox in enumerate(("auto", "none") * (KILLS // KILLS_A_SERVER // 2)):
        house = await survive_kills(folder / str(number), KILLS_A_SERVER, seed + number, sandbox)
        counts += house.counts
        broken += [f"seed {seed + number}: {each}" for each in house.broken]
    for figure in (
        "kills",
        "kills while starting",
        "acknowledged",
        "posts cut off",
        "posts known already",
        "streams cut off",
    ):
        say(f"kill -9: {figure}", counts[figure])
    for figure in ("messages", "tools begun", "tools ended", "interrupted"):
        say(f"kill -9: {figure}", counts[figure])
    say("kill -9: lost, missing, twice, run twice or left behind", len(broken))
    return broken


async def stops(folder: Path, seed: int) -> list[str]:
    seconds: list[float] = []
    broken: list[str] = []
    cases = itertools.cycle(itertools.product(SITUATIONS, SIGNALS))
    for number, (situation, signals) in enumerate(itertools.islice(cases, STOPS)):
        scene = await stop(folder / str(number), situation, signals, wait_for_bye=number % 2 == 0)
        seconds.append(scene.seconds)
        told = " ".join(each.name for each in signals)
        broken += [f"{situation}, {told}: {each}" for each in scene.house.broken]
    say("stops: runs", len(seconds))
    say("stops: slowest, seconds", f"{max(seconds):.1f}")
    say("stops: not in time, not in order or something left behind", len(broken))
    return broken


async def faults(folder: Path, seed: int) -> list[str]:
    if not strace_works():
        say("disk faults", "strace is not installed, or may not look at processes here")
        return []
    met = [(error, call) for call in range(1, FAULTY_CALLS + 1) for error in CALLS]
    house = await survive_faults(folder, met, seed)
    say("disk faults: calls that failed", house.counts["faults"])
    say("disk faults: acknowledged all the same", house.counts["acknowledged"])
    say("disk faults: answered 507", house.counts["answered 507"])
    say("disk faults: answered 503", house.counts["answered 503"])
    say("disk faults: kills and restarts in between", house.counts["kills"])
    say("disk faults: lost, missing, twice or not got over", len(house.broken))
    return house.broken


async def crowd(folder: Path, seed: int) -> list[str]:
    met = await gather(folder, stuck=STUCK, fast=FAST, lasting_s=CROWD_S)
    say("stuck readers: stopped, and reading beside them", f"{STUCK}, {FAST}")
    say("stuck readers: p99 of the others, ms", f"{1000 * met.p99_s:.0f}")
    say("stuck readers: memory grown, MiB", f"{met.grown_mib:.1f}")
    say("stuck readers: freed after, seconds", f"{met.freed_s:.1f}")
    say("stuck readers: exit with them, seconds", f"{met.exit_s:.1f}")
    return met.verdict()


async def damage(folder: Path, seed: int) -> list[str]:
    counts = await outcomes(folder, range(seed * DAMAGED_FILES, (seed + 1) * DAMAGED_FILES))
    say("damaged stores: refused", counts["refused"])
    say("damaged stores: whole all the same", counts["whole"])
    say("damaged stores: opened short or wrong", 0)  # one would have raised
    return []


RUNS: dict[str, Callable[[Path, int], Awaitable[list[str]]]] = {
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
    arguments = parser.parse_args()
    broken: list[str] = []
    for name in arguments.names or RUNS:
        with tempfile.TemporaryDirectory() as folder:
            broken += trio.run(RUNS[name], Path(folder) / name, arguments.seed)
    for each in broken:
        print(each, file=sys.stderr)
    return 1 if broken else 0


if __name__ == "__main__":
    sys.exit(main())
