"""One request and its answer, between the server and the app."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any

import trio
from trio.testing import MockClock

from trio_agent.web.exchange import Exchange


async def test_a_refusal_takes_what_the_server_hands_it_or_the_server_would_wait_for_ever(
    autojump_clock: MockClock,
) -> None:
    # As Hypercorn does: pieces of the body through a short queue, and when all is said, the goodbye through it too.
    hand_in, handed = trio.open_memory_channel[dict[str, Any]](2)
    for _ in range(2):
        hand_in.send_nowait({"type": "http.request", "body": b"x", "more_body": True})
    said: list[dict[str, Any]] = []

    async def send(message: dict[str, Any]) -> None:
        said.append(message)
        if message["type"] == "http.response.body":
            await hand_in.send({"type": "http.disconnect"})

    with trio.fail_after(1):
        await Exchange(handed.receive, send, {}).answer(HTTPStatus.UNAUTHORIZED, "no token", "an-id")
    assert said[0]["status"] == 401


async def test_a_disconnect_that_comes_once_the_answer_is_whole_is_held_back(autojump_clock: MockClock) -> None:
    async def receive() -> dict[str, Any]:
        await trio.lowlevel.checkpoint()
        return {"type": "http.disconnect"}

    async def send(message: dict[str, Any]) -> None:
        await trio.lowlevel.checkpoint()

    exchange = Exchange(receive, send, {})
    assert (await exchange.receive())["type"] == "http.disconnect"
    await exchange.send({"type": "http.response.start", "status": 200, "headers": []})
    await exchange.send({"type": "http.response.body", "body": b"", "more_body": False})
    with trio.move_on_after(100) as scope:
        await exchange.receive()
    assert scope.cancelled_caught
