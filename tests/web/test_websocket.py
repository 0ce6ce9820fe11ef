"""WebSockets on the wire: offers and frames of any bytes, silence, and what is left of a connection."""

from __future__ import annotations

import json
import socket
import struct
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
import trio
from trio.testing import MockClock

from tests.web.serving import TOKEN, Server, descriptors, read_all, read_until, serving_app, settled, tasks
from tests.web.terminal_agent import TerminalAgent

KEY = "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ=="
OFFER = ("Connection: keep-alive, Upgrade", "Upgrade: websocket", "Sec-WebSocket-Version: 13", KEY)
HELLO = f'{{"token": "{TOKEN}"}}'.encode()
TEXT, BINARY, CLOSE, PING, PONG = 1, 2, 8, 9, 10


def frame(opcode: int, data: bytes = b"", *, last: bool = True) -> bytes:
    """A client's frame. Source: RFC 6455 § 5.2; masked by zeros, which change nothing."""
    length = len(data)
    if length < 126:
        size = bytes([0x80 | length])
    else:
        size = (
            bytes([0x80 | 126]) + struct.pack(">H", length) if length < 65536 else b"\xff" + struct.pack(">Q", length)
        )
    return bytes([opcode | (0x80 if last else 0)]) + size + bytes(4) + data


def closing(code: int) -> bytes:
    """How the server's frame of closing by `code` goes on."""
    return struct.pack(">H", code)


@asynccontextmanager
async def spoken(server: Server, target: str = "/terminal/1") -> AsyncIterator[trio.SocketStream]:
    """A connection on which the server has agreed to speak WebSocket. No token is sent, but by the first frame."""
    async with await server.connect() as stream:
        await stream.send_all(server.request(target, *OFFER, token=""))
        assert (await read_until(stream, b"\r\n\r\n")).startswith(b"HTTP/1.1 101")
        yield stream


async def test_an_offer_for_a_terminal_is_taken_and_elsewhere_passed_over() -> None:
    async with serving_app(TerminalAgent()) as server:
        for target, status in (("/terminal/1", b"101"), ("/state", b"200"), ("/", b"200"), ("/terminal/x", b"404")):
            async with await server.connect() as stream:
                await stream.send_all(server.request(target, *OFFER))
                head = await read_until(stream, b"\r\n\r\n")
                assert head.startswith(b"HTTP/1.1 " + status), (target, head)
                # The accept token of RFC 6455 § 1.3 for the key there.
                assert (b"s3pPLMBiTxaQ9kYGzzhZRbK+xOo=" in head) is (status == b"101")
        assert (await server.raw(server.request("/terminal/1", "Connection: close"))).startswith(b"HTTP/1.1 404")


FOREIGN = [
    ("Origin: http://evil.example", b"403"),
    ("Origin: null", b"403"),
    ("Origin: http://127.0.0.1:1", b"403"),
    ("Sec-Fetch-Site: cross-site", b"403"),
    ("Sec-Fetch-Site: same-site", b"403"),
    ("A: " + "a" * 17_000, b"431"),
]


@pytest.mark.parametrize(("header", "status"), FOREIGN)
async def test_a_page_of_another_origin_is_refused_before_a_word_is_spoken(header: str, status: bytes) -> None:
    async with serving_app(TerminalAgent()) as server:
        answer = await server.raw(server.request("/terminal/1", *OFFER, header))
        assert answer.startswith(b"HTTP/1.1 " + status), answer
        assert b"application/problem+json" in answer


async def test_a_foreign_host_is_refused_and_our_own_page_is_not() -> None:
    async with serving_app(TerminalAgent()) as server:
        foreign = server.request("/terminal/1", *OFFER).replace(server.host.encode(), b"evil.example")
        assert (await server.raw(foreign)).startswith(b"HTTP/1.1 421")
        async with await server.connect() as stream:
            own = f"Origin: http://{server.host}"
            await stream.send_all(server.request("/terminal/1", *OFFER, own, "Sec-Fetch-Site: same-origin"))
            assert (await read_until(stream, b"\r\n\r\n")).startswith(b"HTTP/1.1 101")


ODD_OFFERS = [
    ("Sec-WebSocket-Protocol: \xff", b"101"),
    ("Sec-WebSocket-Protocol: a, b", b"101"),
    ("Sec-WebSocket-Extensions: \xff\xfe; ;;=", b"101"),
    ("Sec-WebSocket-Extensions: permessage-deflate", b"101"),
    ("Sec-WebSocket-Version: 99", b"400"),
    ("Sec-WebSocket-Version: \xff", b"400"),
    (KEY, b"400"),
    ("Upgrade: h2c", b"404"),
    ("Upgrade: \xff", b"404"),
    ("Cookie: \xff", b"101"),
]


@pytest.mark.parametrize(("extra", "status"), ODD_OFFERS, ids=ascii)
async def test_an_offer_of_any_bytes_gets_an_answer(extra: str, status: bytes) -> None:
    async with serving_app(TerminalAgent()) as server, server.client() as client:
        async with await server.connect() as stream:
            await stream.send_all(server.request("/terminal/1", *OFFER, extra))
            head = await read_until(stream, b"\r\n\r\n")
            assert head.startswith(b"HTTP/1.1 " + status), head
            assert b"extensions" not in head.lower()
        for left_out in OFFER[2:]:
            answer = await server.raw(server.request("/terminal/1", *(line for line in OFFER if line != left_out)))
            assert answer.startswith(b"HTTP/1.1 400")
            assert b"application/problem+json" in answer
        for key in ("", "a", "\xff\xff", "dGhlIHNhbXBsZSBub25jZQ"):
            lines = (*OFFER[:3], f"Sec-WebSocket-Key: {key}")
            assert (await server.raw(server.request("/terminal/1", *lines))).startswith(b"HTTP/1.1 400")
        assert (await client.get("/healthz")).status_code == 200


BAD_FRAMES = {
    "not masked": (b"\x81\x05hello", 1002),
    "reserved bits": (b"\xf1\x80\x00\x00\x00\x00", 1002),
    "an unknown opcode": (b"\x83\x80\x00\x00\x00\x00", 1002),
    "ff": (b"\xff" * 100, 1002),
    "a continuation of nothing": (frame(0, b"a"), 1002),
    "a ping in pieces": (frame(PING, b"a", last=False), 1002),
    "a long ping": (frame(PING, b"a" * 126), 1002),
    "a length of 2 to the 63": (b"\x82\xff" + b"\xff" * 8 + bytes(4), 1002),
    "a length that could be shorter": (b"\x82\xfe\x00\x01" + bytes(4) + b"a", 1002),
    "text that is no UTF-8": (frame(TEXT, b"\xff"), 1007),
    "half a character": (frame(TEXT, b"\xc3"), 1007),
    "a closing of one byte": (frame(CLOSE, b"\x03"), 1002),
    "a closing by a code that is none": (frame(CLOSE, b"\x00\x05"), 1002),
    "a closing in no UTF-8": (frame(CLOSE, b"\x03\xe8\xff"), 1007),
    "text within text": (frame(TEXT, b"{", last=False) + frame(TEXT, b"}"), 1002),
    "a request": (b"GET / HTTP/1.1\r\nHost: a\r\n\r\n", 1002),
}


@pytest.mark.parametrize(("bad", "code"), BAD_FRAMES.values(), ids=BAD_FRAMES)
@pytest.mark.parametrize("when", ["with the offer", "first", "behind the token"])
async def test_a_frame_that_is_none_is_told_by_a_code_and_ends_its_own_connection_at_most(
    bad: bytes, code: int, when: str, mock_clock: MockClock
) -> None:
    async with serving_app(TerminalAgent()) as server:
        await settled(lambda: True)
        before = tasks(), descriptors()
        async with await server.connect() as stream:
            offer = server.request("/terminal/1", *OFFER, token="")
            await stream.send_all(offer + (bad if when == "with the offer" else b""))
            await read_until(stream, b"\r\n\r\n")
            if when == "behind the token":
                await stream.send_all(frame(TEXT, HELLO))
                await read_until(stream, b"scrollback")
            if when != "with the offer":
                await stream.send_all(bad)
            said = await read_all(stream)
            assert said.endswith(bytes([0x80 | CLOSE, 2]) + closing(code)), said
        await settled(lambda: (tasks(), descriptors()) == before)
        async with server.client() as client:
            assert (await client.get("/healthz")).status_code == 200


async def test_words_that_come_with_the_offer_are_heard() -> None:
    async with serving_app(TerminalAgent()) as server, await server.connect() as stream:
        words = frame(TEXT, HELLO) + frame(BINARY, b"typed ahead")
        await stream.send_all(server.request("/terminal/1", *OFFER, token="") + words)
        await read_until(stream, b"scrollback")
        await server.agent.terminals[1].wait_typed(b"typed ahead")  # type: ignore[attr-defined]


REQUESTS_BEHIND = b"GET /state HTTP/1.1\r\nHost: a\r\n\r\n" * 500
"""What a client sends that takes the connection for one of HTTP still: more than a first message may hold."""


@pytest.mark.parametrize(
    ("behind", "code"),
    [(frame(BINARY, b"a" * 60_000), 1009), (REQUESTS_BEHIND, 1002), (frame(TEXT, b"{}") * 9000, 4401)],
)
async def test_what_comes_before_the_answer_waits_for_it_however_much_it_is(
    behind: bytes, code: int, mock_clock: MockClock
) -> None:
    async with serving_app(TerminalAgent()) as server:
        await settled(lambda: True)
        before = tasks(), descriptors()
        answer = await server.raw(server.request("/terminal/1", *OFFER, token="") + behind)
        head, _, frames = answer.partition(b"\r\n\r\n")
        assert head.startswith(b"HTTP/1.1 101"), answer
        assert frames[0] == 0x80 | CLOSE
        assert frames[2:].startswith(closing(code))
        await settled(lambda: (tasks(), descriptors()) == before)


@pytest.mark.parametrize("behind", [frame(BINARY, b"a" * 60_000), REQUESTS_BEHIND], ids=["a frame", "requests"])
async def test_a_refusal_is_whole_whatever_comes_behind_the_offer(behind: bytes) -> None:
    async with serving_app(TerminalAgent()) as server:
        for odd, status in (("Origin: null", b"403"), (KEY, b"400")):
            answer = await server.raw(server.request("/terminal/1", *OFFER, odd, token="") + behind)
            head, _, body = answer.partition(b"\r\n\r\n")
            assert head.startswith(b"HTTP/1.1 " + status), answer
            assert json.loads(body)["status"] == int(status)


async def test_who_breaks_off_before_the_answer_leaves_nothing_behind(mock_clock: MockClock) -> None:
    async with serving_app(TerminalAgent()) as server:
        await settled(lambda: True)
        before = tasks(), descriptors()
        for _ in range(20):
            async with await server.connect() as stream:
                await stream.send_all(server.request("/terminal/1", *OFFER, token="") + REQUESTS_BEHIND)
                stream.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        await settled(lambda: (tasks(), descriptors()) == before)


@pytest.mark.parametrize(
    ("first", "then"),
    [
        (frame(TEXT, b" " * 5000), b""),
        (frame(TEXT, HELLO), frame(BINARY, b"a" * (1024 * 1024 + 1))),
        (frame(TEXT, HELLO), frame(BINARY, b"", last=False) + frame(0, b"a" * 600_000, last=False) * 2),
    ],
)
async def test_a_message_that_is_too_large_is_not_gathered(first: bytes, then: bytes) -> None:
    async with serving_app(TerminalAgent()) as server, spoken(server) as stream:
        async with trio.open_nursery() as nursery:
            nursery.start_soon(stream.send_all, first + then)
            assert closing(1009) in await read_until(stream, closing(1009))
            nursery.cancel_scope.cancel()
        assert server.agent.terminals[1].typed == b""  # type: ignore[attr-defined]


async def test_a_message_may_come_in_pieces_with_a_ping_between() -> None:
    async with serving_app(TerminalAgent()) as server, spoken(server) as stream:
        await stream.send_all(frame(TEXT, HELLO[:5], last=False) + frame(PING, b"p") + frame(0, HELLO[5:]))
        await read_until(stream, b"scrollback")
        large = b"x" * 1024 * 1024
        async with trio.open_nursery() as nursery:
            nursery.start_soon(stream.send_all, frame(BINARY, large))
            await server.agent.terminals[1].wait_typed(large)  # type: ignore[attr-defined]


async def test_a_client_that_answers_no_ping_is_freed_within_25_s(autojump_clock: MockClock) -> None:
    async with serving_app(TerminalAgent()) as server:
        async with spoken(server) as stream:
            await stream.send_all(frame(TEXT, HELLO))
            begin = trio.current_time()
            await read_all(stream)
            assert 16 <= trio.current_time() - begin <= 25
        await settled(lambda: server.serving.hall.open_sessions()[0].running is False)


async def test_a_client_that_answers_stays(autojump_clock: MockClock) -> None:
    async with serving_app(TerminalAgent()) as server, spoken(server) as stream:
        await stream.send_all(frame(TEXT, HELLO))
        while trio.current_time() < 120:
            await read_until(stream, b"\x89\x00")
            await stream.send_all(frame(PONG))
        await stream.send_all(frame(BINARY, b"still here"))
        await server.agent.terminals[1].wait_typed(b"still here")  # type: ignore[attr-defined]


async def test_who_leaves_while_nobody_reads_what_was_typed_leaves_nothing_behind(mock_clock: MockClock) -> None:
    agent = TerminalAgent()
    agent.terminals[1].deaf = True
    async with serving_app(agent) as server:
        await settled(lambda: True)
        before = tasks(), descriptors()
        async with spoken(server) as stream:
            await stream.send_all(frame(TEXT, HELLO) + frame(BINARY, b"a"))
            await read_until(stream, b"scrollback")
        mock_clock.rate = 10
        await settled(lambda: (tasks(), descriptors()) == before)


async def test_a_closing_is_answered_by_a_closing(mock_clock: MockClock) -> None:
    async with serving_app(TerminalAgent()) as server, spoken(server) as stream:
        await stream.send_all(frame(TEXT, HELLO) + frame(CLOSE, closing(1000)))
        assert (await read_all(stream)).endswith(b"\x88\x02" + closing(1000))


async def test_under_another_server_an_offer_elsewhere_is_refused_by_the_app_itself() -> None:
    async with serving_app() as server:
        assert await server.asked_for_websocket("/stream") == [{"type": "websocket.close", "code": 1008}]
