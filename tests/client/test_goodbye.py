"""The end of a stream, cut anywhere: a goodbye that was lost, whole or in part, costs nothing but the wait it named."""

from __future__ import annotations

import pytest
import trio
from trio.testing import MockClock

from tests.client.standin import URL, Cut, Pause, StandIn, Step, bye, cursor, message, ready
from trio_agent.client import ConnectionChanged, MessageArrived, connect

GOODBYE = bye("shutdown", 2000)
ENDINGS: dict[str, list[Step]] = {"torn": [Cut()], "closed": [], "silent": [Pause(10_000)]}


async def resumed(end: list[Step]) -> tuple[StandIn, list[str], list[str]]:
    """The server, the texts that were told, and the reasons for which connections were lost."""
    server = StandIn([[ready(), message(0, "a"), *end], [ready(1, 1), message(1, "b"), bye("session_ended")]])
    texts, reasons = [], []
    async with connect(URL, transport=server, uniform=lambda: 0.5) as client:
        async for event in client:
            match event:
                case MessageArrived():
                    texts.append(event.message.content)
                case ConnectionChanged() if event.connection.reason:
                    reasons.append(event.connection.reason)
                case _:
                    pass
    return server, texts, reasons


@pytest.mark.parametrize("ending", ENDINGS.values(), ids=ENDINGS)
def test_a_goodbye_cut_at_any_byte_is_a_lost_connection_that_is_resumed(ending: list[Step]) -> None:
    for cut in range(len(GOODBYE)):
        server, texts, reasons = trio.run(resumed, [GOODBYE[:cut], *ending], clock=MockClock(autojump_threshold=0))
        assert texts == ["a", "b"], cut
        assert server.resumed_from == ["", cursor(1)], cut
        assert "the server is restarting" not in reasons, cut
        # Two heartbeats where nothing tells that it is dead.
        assert server.opened_at[1] < (31 if Pause(10_000) in ending else 1), cut


@pytest.mark.parametrize("ending", ENDINGS.values(), ids=ENDINGS)
def test_a_goodbye_that_came_whole_is_heeded_whatever_becomes_of_the_connection(ending: list[Step]) -> None:
    server, texts, reasons = trio.run(resumed, [GOODBYE, *ending], clock=MockClock(autojump_threshold=0))
    assert texts == ["a", "b"]
    assert "the server is restarting" in reasons
    assert 2 <= server.opened_at[1] <= 2.5
