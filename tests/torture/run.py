"""Runs the schedule of a seed under a clock that jumps, leaving nothing to chance, and has the oracle judge what happened."""

from __future__ import annotations

import random as global_random
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from random import Random
from types import SimpleNamespace
from unittest.mock import patch

import structlog
import trio
from trio._core import _run as scheduler
from trio.testing import MockClock

from tests.torture.oracle import Violation, violations
from tests.torture.outcome import Outcome
from tests.torture.schedules import Schedule, draw
from tests.torture.world import World
from trio_agent.runtime import log as runtime_log

MAX_STEPS = 100_000
"""Task steps of one schedule; an ordinary one takes some thousands."""


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
    world = World(schedule, outcome)

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
