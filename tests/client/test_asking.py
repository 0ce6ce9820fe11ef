"""What a client asks for when it comes back: the same as at first, but for where to go on."""

from __future__ import annotations

import trio

from tests.client.standin import SESSION, URL, Cut, StandIn, bye, cursor, message, ready
from trio_agent.client import connect


async def test_every_connection_asks_for_the_same_session_and_interval_with_the_token(
    autojump_clock: trio.abc.Clock,
) -> None:
    streams = [[ready(), message(0), Cut()], [ready(1, 1), message(1)], [ready(2, 2), bye("shutdown", 100)]]
    server = StandIn([*streams, [ready(2, 2), bye("session_ended")]])
    async with connect(URL, transport=server, heartbeat_s=7, uniform=lambda: 0.5) as client:
        async for _ in client:
            pass
    asked = [request for request in server.asked if request.url.path.endswith("/stream")]
    assert len(asked) == 4
    assert {(request.url.path, request.url.query) for request in asked} == {
        (f"/sessions/{SESSION}/stream", b"heartbeat=7")
    }
    assert {request.headers["authorization"] for request in asked} == {"Bearer a-token-of-the-tests"}
    assert {request.headers["accept-encoding"] for request in asked} == {"identity"}
    assert server.resumed_from == ["", cursor(1), cursor(2), cursor(2)]
