"""WebSockets are not spoken: who asks for one is answered in HTTP, whatever the offer holds."""

from __future__ import annotations

import pytest
import trio
import trio_websocket
from trio.testing import MockClock

from tests.web.serving import BEARER, read_until, serving_app, settled, tasks

OFFER = (
    "Connection: Upgrade",
    "Upgrade: websocket",
    "Sec-WebSocket-Version: 13",
    "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
)


@pytest.mark.parametrize(("token", "status"), [(True, 404), (False, 401)])
async def test_a_client_is_refused_and_told_in_http(token: bool, status: int) -> None:
    headers = [(name.encode(), value.encode()) for name, value in BEARER.items()] if token else []
    async with serving_app() as server, await server.connect() as stream:
        with pytest.RaisesGroup(trio_websocket.ConnectionRejected) as refused:
            async with trio.open_nursery() as nursery:
                await trio_websocket.wrap_client_stream(
                    nursery, stream, server.host, "/terminal/1", extra_headers=headers
                )
        (rejected,) = refused.value.exceptions
        assert rejected.status_code == status


ODD_OFFERS = [
    "",
    "Sec-WebSocket-Protocol: \xff",
    "Sec-WebSocket-Extensions: \xff\xfe; ;;=",
    "Sec-WebSocket-Version: 99",
]


@pytest.mark.parametrize("extra", ODD_OFFERS, ids=ascii)
async def test_an_offer_of_any_bytes_gets_an_answer(extra: str) -> None:
    async with serving_app() as server, server.client() as client:
        for target, status in (("/terminal/1", b"404"), ("/state", b"200"), ("/", b"200")):
            lines = [line for line in (*OFFER, extra) if line]
            answer = await server.raw(
                server.request(target, *lines, "Connection: close").replace(b"close", b"Upgrade, close")
            )
            assert answer.startswith(b"HTTP/1.1 " + status), answer
        assert (await client.get("/healthz")).status_code == 200


async def test_frames_after_an_offer_harm_nobody(mock_clock: MockClock) -> None:
    async with serving_app() as server:
        before = tasks()
        for frames in (b"\x81\x85\x00\x00\x00\x00hello", b"\xff" * 100, b"\x88\x00", b"\x81\x7f" + b"\xff" * 8):
            async with await server.connect() as stream:
                await stream.send_all(server.request("/terminal/1", *OFFER) + frames)
                await read_until(stream, b"404")
        await settled(lambda: tasks() == before)
        async with server.client() as client:
            assert (await client.get("/healthz")).status_code == 200


async def test_under_another_server_an_offer_is_refused_by_the_app_itself() -> None:
    async with serving_app() as server:
        status = await server.asked_for_websocket()
        assert status == [{"type": "websocket.close", "code": 1008}]
