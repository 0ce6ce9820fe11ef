"""When a server that ended may be started again."""

from __future__ import annotations

import pytest
import trio
import trio.testing

from trio_agent.tools.mcp_backoff import MAX_BACKOFF_S, STEADY_S, McpBackoff


async def waits(backoff: McpBackoff, *lasted_s: float) -> list[float]:
    """How long each connection that lasted so long is waited after."""
    waited = []
    for each in lasted_s:
        began = trio.current_time()
        await trio.sleep(each)
        backoff.ended(began)
        waited.append(round(backoff.not_before - trio.current_time(), 6))
    return waited


async def test_the_first_failure_costs_no_time_and_each_one_after_it_more(
    autojump_clock: trio.testing.MockClock,
) -> None:
    backoff = McpBackoff()
    assert backoff.not_before < trio.current_time()
    assert await waits(backoff, *[1.0] * 30) == [0, 1, 3, 7, 15, 31, 63, 127, 255, *[MAX_BACKOFF_S] * 21]


@pytest.mark.parametrize(("lasted_s", "then_s"), [(STEADY_S - 1, 7), (STEADY_S + 1, 0)])
async def test_a_connection_that_lasted_ends_the_row(
    lasted_s: float, then_s: float, autojump_clock: trio.testing.MockClock
) -> None:
    assert await waits(McpBackoff(), 1, 1, 1, lasted_s) == [0, 1, 3, then_s]
