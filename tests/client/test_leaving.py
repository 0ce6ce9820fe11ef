"""Leaving in the middle, with httpx2's real transport: nothing is left for the garbage collector, and no connection open."""

from __future__ import annotations

import gc
import warnings
from functools import partial

import pytest
import trio

from tests.client.standin import SESSION, bye, message, ready, state
from trio_agent.client import MessageArrived, connect

HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nConnection: close\r\n\r\n"


async def answer(body: bytes, left: trio.Event, stream: trio.SocketStream) -> None:
    """Send `body` as the event stream, and wait until the client has left."""
    await stream.receive_some()
    try:
        await stream.send_all(HEAD + body)
        while await stream.receive_some():
            pass
    except trio.BrokenResourceError:
        pass  # it left with a reset, which is leaving too
    left.set()


@pytest.mark.parametrize(
    ("body", "ends"),
    [
        (ready() + state(0) + b"".join(message(idx, "x" * 5000) for idx in range(200)), False),
        (ready() + message(0) + message(7) + message(8), True),
        (ready() + message(0) + bye("shutdown", 60_000) + message(1), True),
    ],
    ids=["news is waiting", "a misfit", "a goodbye"],
)
async def test_leaving_in_the_middle_leaves_nothing_behind(body: bytes, ends: bool) -> None:
    left = trio.Event()
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        async with trio.open_nursery() as nursery:
            (listener,) = await trio.open_tcp_listeners(0, host="127.0.0.1")
            nursery.start_soon(partial(trio.serve_listeners, partial(answer, body, left), [listener]))
            port = listener.socket.getsockname()[1]
            async with connect(f"http://127.0.0.1:{port}/", session=SESSION, uniform=lambda: 1.0) as client:
                async for event in client:
                    if isinstance(event, MessageArrived):
                        break
                if ends:
                    while client.connection.state == "open":
                        await anext(client)
            await left.wait()
            nursery.cancel_scope.cancel()
        gc.collect()
        await trio.lowlevel.checkpoint()
    assert [str(each.message) for each in caught] == []
