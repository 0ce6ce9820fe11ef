"""Five thousand requests, each broken, odd or wrong in its own way; `python -m tests.fuzz` throws as many as one likes."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests.fuzz.routes import target_of
from tests.fuzz.run import Batch, Verdict, judge_logs, pipeline_of, run
from tests.fuzz.shots import directed, pipelines, shot
from tests.fuzz.target import target
from trio_agent.web.routes import expanded

REQUESTS, TOGETHER = 5_000, 2_500
DIGEST = """
import hashlib
from tests.fuzz.shots import shot
print(hashlib.sha256(b"".join(shot(number).data for number in range(0, 30_000, 7))).hexdigest())
"""


@pytest.mark.parametrize("begin", range(0, REQUESTS, TOGETHER))
async def test_nothing_that_is_thrown_at_a_server_is_more_than_a_refusal(begin: int, tmp_path: Path) -> None:
    verdict = Verdict()
    async with target(tmp_path) as each:
        await run(each, range(begin, begin + TOGETHER), verdict)
    assert verdict.faults == []
    assert verdict.counts["requests"] == TOGETHER
    # That it was no hail against a closed door: some of it was let in, and did what it said.
    assert verdict.counts["acknowledged"] > TOGETHER / 200
    assert verdict.statuses[200] > TOGETHER / 20


async def test_a_message_that_nobody_acknowledged_is_a_fault(tmp_path: Path) -> None:
    async with target(tmp_path) as each:
        await each.aim()
        verdict, batch = Verdict(), Batch()
        for number in (7, 8):
            await each.client.post("chat", json={"message": f"say n{number:07d}"})
        batch.unsure.add(7)  # of this one nobody knows
        await judge_logs(each, batch, verdict)
        (fault,) = verdict.faults
        assert "n0000008" in fault


async def test_a_promise_of_a_place_where_nothing_is_is_a_fault(tmp_path: Path) -> None:
    async with target(tmp_path) as each:
        await each.aim()
        verdict, batch = Verdict(), Batch()
        batch.acknowledged["aaaaaaaaaaaaaaaa", 0] = 2
        await judge_logs(each, batch, verdict)
        assert len(verdict.faults) == 2


def test_a_number_is_the_same_request_in_every_process() -> None:
    digests = {
        subprocess.run(
            [sys.executable, "-c", DIGEST],
            env={"PYTHONHASHSEED": seed, "PYTHONPATH": "."},
            capture_output=True,
            check=True,
        ).stdout
        for seed in ("1", "2")
    }
    assert len(digests) == 1


def test_each_number_is_thrown_once() -> None:
    thrown = [each.number for shots in pipelines(range(4_000, 6_000)) for each in shots]
    assert sorted(thrown) == list(range(4_000, 6_000))


def test_a_request_can_be_thrown_again_with_those_beside_it() -> None:
    for number in range(len(directed()), len(directed()) + 100):
        assert number in [each.number for each in pipeline_of(number)]
        assert shot(number) == shot(number)


def test_every_route_is_in_the_list_with_a_token_without_and_with_a_wrong_one() -> None:
    named = {attack.name for attack in directed()}
    assert len(named) > 1_500
    for route, path in expanded():
        for caller in ("let in", "unknown", "wrong"):
            assert f"{route.method.encode()!r} {target_of(path).decode()}, {caller}" in named
