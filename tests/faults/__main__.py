"""The script of 200 faults, played in real browsers. Prints one line a figure; what broke is printed as the command that
shows it again, alone. `--write` puts the figures into docs/reliability.md.

    python -m tests.faults              all of them
    python -m tests.faults --only 37    one again (or some: 37 40), with all that it drew
    python -m tests.faults --bugs       hunt the seeded bugs of the page
    python -m tests.faults --lanes 4    so many browsers, each with a server and a proxy, beside each other
"""

from __future__ import annotations

import argparse
import sys
import time
from concurrent.futures import ThreadPoolExecutor

from tests.faults.lanes import play_all
from tests.faults.mutants import MUTANTS, hunt
from tests.faults.play import Outcome
from tests.faults.script import SCRIPT, table
from tests.torture.report import put


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.faults")
    parser.add_argument("--only", type=int, nargs="+", metavar="NUMBER")
    parser.add_argument("--bugs", action="store_true")
    parser.add_argument("--write", action="store_true")
    parser.add_argument("--lanes", type=int, default=4)
    given = parser.parse_args(arguments)
    if given.bugs:
        return hunt_all(given.lanes, given.write)
    began = time.monotonic()
    faults = [fault for fault in SCRIPT if given.only is None or fault.number in given.only]
    outcomes = play_all(faults, given.lanes, on_outcome=tell if given.only else tell_broken)
    figure = report(outcomes, time.monotonic() - began)
    if given.write and given.only is None:
        put("page faults", figure)
        put("page kinds", table())
    return 1 if any(outcome.wrong for outcome in outcomes) else 0


def hunt_all(lanes: int, write: bool) -> int:
    """Hunt every seeded bug; a fault that finds one is told with the first thing it found wrong."""
    found = 0
    with ThreadPoolExecutor(lanes) as pool:
        for mutant, outcome in zip(MUTANTS, pool.map(hunt, MUTANTS), strict=True):
            found += outcome is not None
            how = f"found in {outcome.fault}: {outcome.wrong[0][:200]}" if outcome else "NOT FOUND"
            print(f"{mutant.name}: {how}", flush=True)
    print(f"seeded bugs of the page: {found} of {len(MUTANTS)} found")
    if write:
        put("page bugs", f"{found} of {len(MUTANTS)} found")
    return 0 if found == len(MUTANTS) else 1


def tell(outcome: Outcome) -> None:
    for at, line in outcome.trace:
        print(f"{at - outcome.trace[0][0]:8.2f} {line}")
    print(
        f"{outcome.fault} ({outcome.told}): {outcome.took_s:.1f} s, at most {outcome.latest_s:.2f} s behind", flush=True
    )
    tell_broken(outcome)


def tell_broken(outcome: Outcome) -> None:
    for each in outcome.wrong:
        print(f"python -m tests.faults --only {outcome.fault.number}   # {outcome.fault}: {each}", flush=True)


def report(outcomes: list[Outcome], took_s: float) -> str:
    """Print the figures; gives those that the docs show."""
    broken = sum(bool(outcome.wrong) for outcome in outcomes)
    latest = max(outcome.latest_s for outcome in outcomes)
    print(f"faults in the browser: {len(outcomes)} played, {broken} broke a promise, {took_s:.0f} s")
    print(f"faults in the browser: the indicator was at most {latest:.2f} s behind")
    kinds: dict[str, int] = {}
    met: dict[str, int] = {}
    for outcome in outcomes:
        kinds[outcome.fault.kind] = kinds.get(outcome.fault.kind, 0) + 1
        for what, count in outcome.counts.items():
            met[what] = met.get(what, 0) + count
    print("kinds: " + ", ".join(f"{kind} {count}" for kind, count in sorted(kinds.items())))
    print("met: " + ", ".join(f"{what} {count}" for what, count in sorted(met.items())))
    return f"{len(outcomes)} faults, {broken} violations, the indicator at most {latest:.2f} s behind"


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
