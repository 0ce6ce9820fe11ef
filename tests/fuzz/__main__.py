"""The fuzzer: broken, odd and wrong requests for a real server, each of them known by its number.

    python -m tests.fuzz                      as many as CI throws
    python -m tests.fuzz --requests 200000    more; `--from N` begins at number N
    python -m tests.fuzz --only 123456        that one alone, then with those that shared its connection, and all that is said

Prints one line a figure; exits with 1 where there is a fault. `--write` puts the figures into docs/reliability.md.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from pathlib import Path

import trio

from tests.fuzz.request import fill
from tests.fuzz.run import Verdict, pipeline_of, run, throw_at, unexpected
from tests.fuzz.shots import shot
from tests.fuzz.target import target
from tests.torture import report

REQUESTS = 20_000


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz", description=__doc__)
    parser.add_argument("--requests", type=int, default=REQUESTS)
    parser.add_argument("--from", dest="first", type=int, default=0)
    parser.add_argument("--only", type=int, metavar="NUMBER")
    parser.add_argument("--write", action="store_true")
    given = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory() as folder:
        if given.only is not None:
            return trio.run(show, Path(folder), given.only)
        return trio.run(throw_all, Path(folder), given.first, given.requests, given.write)


async def throw_all(folder: Path, first: int, requests: int, write: bool) -> int:
    began, verdict = time.monotonic(), Verdict()
    async with target(folder) as each:
        await run(each, range(first, first + requests), verdict)
    for fault in verdict.faults:
        print(fault)
    for line in verdict.lines():
        print(line)
    print(f"seconds: {time.monotonic() - began:.0f}")
    if write:
        report.put("fuzz", verdict.summary())
    return 1 if verdict.faults else 0


async def show(folder: Path, number: int) -> int:
    """Throw one request, and tell what was sent and what was said."""
    faults = 0
    async with target(folder) as each:
        await each.aim()
        for shots in ([shot(number)], pipeline_of(number)):
            for one in shots:
                data = fill(one.data, each.known, one.number)
                print(f"{one.number}, {one.name}, {one.manner}, {len(data)} bytes: {data[:4000]!r}")
            heard = await throw_at(each, shots)
            for answer in heard.answers:
                print(f"  {answer.status} {answer.header(b'content-type').decode()} {answer.body[:500]!r}")
            found = [*heard.faults, *unexpected(heard)]
            for fault in found:
                print(f"  {fault}")
            faults += len(found)
        print(f"alive: {each.alive}")
        for line in each.alarms():
            print(line)
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
