"""Torture: random schedules, one seed again, every seeded bug, a day of virtual time. Each prints one line a figure.

    python -m tests.torture SEED                 one schedule again, with a trace of all that happened
    python -m tests.torture --to 10000 --jobs 2  that many schedules, on two processes
    python -m tests.torture --bugs               hunt every seeded bug
    python -m tests.torture --soak 24            so many virtual hours

`--write` puts the figures into docs/reliability.md, between the marks that are there for them.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections import Counter
from concurrent.futures import ProcessPoolExecutor

from tests.torture import report
from tests.torture.history import trace
from tests.torture.mutants import hunt, table
from tests.torture.outcome import Outcome
from tests.torture.run import run_seed
from tests.torture.seeded import MUTANTS
from tests.torture.soak import soak
from tests.torture.test_soak import check

BLOCK = 25


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.torture")
    parser.add_argument("seed", type=int, nargs="?")
    parser.add_argument("--from", dest="first", type=int, default=0)
    parser.add_argument("--to", dest="end", type=int, default=1_000)
    parser.add_argument("--jobs", type=int, default=1)
    parser.add_argument("--bugs", action="store_true")
    parser.add_argument("--soak", type=float, metavar="HOURS")
    parser.add_argument("--write", action="store_true")
    given = parser.parse_args(arguments)
    if given.seed is not None:
        return replay(given.seed)
    if given.bugs:
        return hunt_all(given.write)
    if given.soak:
        return soak_long(given.soak, given.write)
    return run_all(range(given.first, given.end), given.jobs, given.write)


def replay(seed: int) -> int:
    """Run one seed, and tell everything."""
    outcome = run_seed(seed)
    print(trace(outcome.history))
    for violation in outcome.violations:
        print(f"VIOLATION {violation}")
    print(f"seed {seed}: {len(outcome.history)} facts, {len(outcome.violations)} violations")
    return 1 if outcome.violations else 0


def run_block(seeds: range) -> tuple[Counter[str], list[Outcome]]:
    """What a block of seeds met, and the outcomes that are not sound."""
    counts, broken = Counter[str](), []
    for seed in seeds:
        outcome = run_seed(seed)
        counts.update(outcome.counts)
        if outcome.violations:
            broken.append(outcome)
    return counts, broken


def run_all(seeds: range, jobs: int, write: bool) -> int:
    """Run many seeds. What is wrong is told with the seed that shows it."""
    began, counts, broken = time.monotonic(), Counter[str](), 0
    with ProcessPoolExecutor(jobs) as pool:
        for met, outcomes in pool.map(run_block, [seeds[at : at + BLOCK] for at in range(0, len(seeds), BLOCK)]):
            counts.update(met)
            broken += len(outcomes)
            for outcome in outcomes:
                print(f"python -m tests.torture {outcome.seed}   # {outcome.violations[0]}", flush=True)
    took_s = time.monotonic() - began
    print(f"random schedules: {len(seeds)} run, {broken} broken a promise, {took_s:.0f} s on {jobs} processes")
    print("met: " + ", ".join(f"{what} {number}" for what, number in sorted(counts.items())))
    if write:
        report.put("schedules", f"{len(seeds):,} schedules, {broken} violations")
        report.put("troubles", report.troubles(counts))
    return 1 if broken else 0


def hunt_all(write: bool) -> int:
    """Hunt every seeded bug, and print the table."""
    caught = [hunt(mutant) for mutant in MUTANTS]
    found = [each.schedules for each in caught if each.schedules]
    print(table(caught))
    print(f"seeded bugs: {len(found)} of {len(caught)} found, the hardest in {max(found)} schedules")
    if write:
        report.put("bugs", table(caught))
        report.put("hunt", f"{len(found)} of {len(caught)} found, the hardest in {max(found)} schedules")
    return 0 if len(found) == len(caught) else 1


def soak_long(hours: float, write: bool) -> int:
    """Let the soak run for so many virtual hours."""
    soaked = soak(hours)
    print(soaked.line())
    check(soaked)
    if write:
        report.put("soak", soaked.line().removeprefix("soak: "))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
