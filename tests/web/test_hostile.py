"""Bytes that no honest client sends: each connection may end as it likes, the server and its other clients go on.

Here against a server in the test's own process, on a clock that waits for nothing; tests/fuzz throws the same, and twenty
thousand others, at a process of its own.
"""

from __future__ import annotations

import re

import pytest
import trio
from structlog.testing import capture_logs
from trio.testing import MockClock, wait_all_tasks_blocked

from tests.fuzz.framing import FRAMING
from tests.fuzz.request import HOST, fill
from tests.fuzz.request import TOKEN as FUZZED_TOKEN
from tests.web.serving import (
    TOKEN,
    Server,
    descriptors,
    open_events,
    read_all,
    read_until,
    serving_app,
    settled,
    tasks,
)


def thrown(name: str, server: Server) -> bytes:
    """What stands under `name` in the fuzzer's list, for this server."""
    return fill(FRAMING[name], {HOST: server.host.encode(), FUZZED_TOKEN: TOKEN.encode()}, number=0)


async def throw(server: Server, data: bytes, *, half_close: bool) -> bytes:
    """Send `data`, then close, or say that nothing more comes and wait for what is said."""
    async with await server.connect() as stream:
        try:
            await stream.send_all(data)
            if half_close:
                await stream.send_eof()
                return await read_all(stream)
        except trio.BrokenResourceError:
            pass  # cut off before it had said all
    return b""


@pytest.mark.parametrize("half_close", [False, True])
async def test_no_bytes_end_the_server_or_stay_with_it(half_close: bool, mock_clock: MockClock) -> None:
    async with serving_app() as server:
        before = tasks(), descriptors()
        for name in FRAMING:
            answer = await throw(server, thrown(name, server), half_close=half_close)
            assert not answer.startswith(b"HTTP/1.1 5"), (name, answer)
            assert TOKEN.encode() not in answer
        await settled(lambda: (tasks(), descriptors()) == before)
        async with server.client() as client, open_events(client) as events:
            assert (await events.next()).event == "ready"


ANSWERS = {
    "HTTP/3.0": 400,
    "h2 preface": 400,
    "an unknown coding": 400,
    "h2c upgrade": 401,
    "two lengths": 400,
    "a length beyond all": 413,
    "a length in words": 400,
    "space before the colon": 400,
    "ff in the target": 400,
    "a header bomb": 431,
    "a long line": 431,
    "a chunk without size": 400,
    "a length and chunks": 400,
}


@pytest.mark.parametrize(("name", "status"), ANSWERS.items())
async def test_what_is_wrong_is_told_where_it_can_be(name: str, status: int, mock_clock: MockClock) -> None:
    async with serving_app() as server, await server.connect() as stream:
        await stream.send_all(thrown(name, server))
        answer = await read_until(stream, b"\r\n\r\n")
        assert answer.startswith(b"HTTP/1.1 %d" % status), answer
        assert b"content-type: application/problem+json" in answer.lower()


@pytest.mark.parametrize("token", [TOKEN, "wrong"])
@pytest.mark.parametrize("target", ["/nowhere", "/chat", "/state", "/healthz"])
async def test_the_answer_to_a_body_that_breaks_off_is_whole_all_the_same(
    target: str, token: str, mock_clock: MockClock
) -> None:
    async with serving_app() as server:
        lines = ("Content-Type: application/json", "Transfer-Encoding: chunked")
        head = server.request(target, *lines, method="POST", token=token)
        answer = await server.raw(head + b'c\r\n{"message":"broken')
        told, _, body = answer.partition(b"\r\n\r\n")
        length = re.search(rb"content-length: ([0-9]+)", told.lower())
        assert length is not None, answer
        assert len(body) == int(length[1]), answer


async def test_a_head_of_a_version_that_is_not_spoken_is_refused_without_a_body(mock_clock: MockClock) -> None:
    async with serving_app() as server:
        with capture_logs() as logs:
            answer = await server.raw(b"HEAD / HTTP/1.9\r\nHost: " + server.host.encode() + b"\r\n\r\n")
        assert answer.startswith(b"HTTP/1.1 400")
        assert answer.endswith(b"\r\n\r\n")
        assert logs == []


async def test_what_is_refused_behind_a_head_is_told_why(mock_clock: MockClock) -> None:
    async with serving_app() as server:
        answer = await server.raw(server.request("/state", method="HEAD") + b"\xff\r\n\r\n")
        assert answer.count(b"HTTP/1.1 ") == 2
        assert answer.endswith(b"}"), answer


async def test_five_hundred_who_never_finish_their_request_delay_nobody_and_are_given_up(mock_clock: MockClock) -> None:
    async with serving_app() as server:
        before = tasks()
        slow = [await server.connect() for _ in range(500)]
        for stream in slow:
            await stream.send_all(b"GET /state HTTP/1.1\r\nHo")
        async with server.client() as client:
            assert (await client.get("/state")).status_code == 200
        await wait_all_tasks_blocked(0.02)
        assert tasks() > before + 500
        mock_clock.jump(5.1)
        await settled(lambda: tasks() == before)
        for stream in slow:
            await stream.aclose()


async def test_a_body_that_never_ends_is_given_up_after_a_minute(mock_clock: MockClock) -> None:
    async with serving_app() as server, await server.connect() as stream:
        before = tasks()
        await stream.send_all(
            server.request("/chat", "Content-Type: application/json", "Content-Length: 9", method="POST")
        )
        await settled(lambda: tasks() > before)
        await wait_all_tasks_blocked(0.02)
        mock_clock.jump(60.1)
        assert b"HTTP/1.1 408" in await read_until(stream, b"\r\n\r\n")
