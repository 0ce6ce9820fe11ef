"""A deadlock fails; it does not hang."""

import math

import pytest
import trio
import trio.testing

from tests.deadline import REAL_DEADLINE_S, VIRTUAL_DEADLINE_S, run_within_deadline


def test_a_deadlock_under_a_jumping_clock_fails_at_once() -> None:
    with pytest.raises(trio.TooSlowError):
        run_within_deadline(trio.sleep_forever, clock=trio.testing.MockClock(autojump_threshold=0))


def test_a_loop_that_ticks_for_ever_under_a_jumping_clock_fails() -> None:
    ticks = 0

    async def tick() -> None:
        nonlocal ticks
        while True:
            await trio.sleep(1800)
            ticks += 1

    with pytest.raises(trio.TooSlowError):
        run_within_deadline(tick, clock=trio.testing.MockClock(autojump_threshold=0))
    assert ticks > 10


async def test_an_async_test_has_a_deadline_on_the_real_clock() -> None:
    assert 0 < trio.current_effective_deadline() - trio.current_time() <= REAL_DEADLINE_S


async def test_an_async_test_has_a_deadline_on_a_virtual_clock(autojump_clock: trio.testing.MockClock) -> None:
    assert trio.current_effective_deadline() - trio.current_time() == VIRTUAL_DEADLINE_S


@pytest.fixture
async def deadline_of_fixture() -> float:
    return trio.current_effective_deadline()


async def test_an_async_fixture_has_a_deadline(deadline_of_fixture: float) -> None:
    assert deadline_of_fixture < math.inf


def test_a_sync_test_has_a_time_limit(request: pytest.FixtureRequest) -> None:
    assert 0 < float(request.config.getini("timeout")) <= 300
