"""Bytes that no honest client sends: each connection may end as it likes, the server and its other clients go on."""

from __future__ import annotations

import random
import re
import resource

import pytest
import trio
from structlog.testing import capture_logs
from trio.testing import MockClock, wait_all_tasks_blocked

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

GET = b"GET /state HTTP/1.1\r\n"
AUTH = b"Authorization: Bearer " + TOKEN.encode() + b"\r\n"
POST = b"POST /chat HTTP/1.1\r\n" + AUTH + b"Content-Type: application/json\r\n"
STREAM = b"GET /stream HTTP/1.1\r\n" + AUTH

# HOST stands for the line that names the server.
DIRECTED: dict[str, bytes] = {
    "nothing": b"",
    "one byte": b"\x00",
    "NULs": b"\x00" * 5000,
    "every byte": bytes(range(256)) * 20,
    "ff": b"\xff" * 5000,
    "TLS": b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + b"\x00" * 500,
    "h2 preface": b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + b"\x00\x00\x00\x04\x00\x00\x00\x00\x00",
    "h2 preface and a flood": b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + b"\x00\x00\x06\x04" * 100_000,
    "h2c upgrade": GET
    + b"HOST\r\nConnection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABk\r\n\r\n",
    "HTTP/0.9": b"GET /\r\n",
    "HTTP/3.0": b"GET / HTTP/3.0\r\nHOST\r\n\r\n",
    "HTTP/1.9": b"GET / HTTP/1.9\r\nHOST\r\n\r\n",
    "lower case": b"get / http/1.1\r\nHOST\r\n\r\n",
    "no end of a line": GET + b"HOST",
    "LF only": GET.replace(b"\r", b"") + b"HOST\n\n",
    "CR only": b"GET / HTTP/1.1\rHOST\r\r",
    "empty lines first": b"\r\n" * 500 + GET + b"HOST\r\n\r\n",
    "a long line": b"A" * 200_000,
    "a header bomb": GET + b"HOST\r\n" + b"a: b\r\n" * 50_000,
    "a long header": GET + b"HOST\r\nA: " + b"b" * 300_000,
    "folded headers": GET + b"HOST\r\nA: b\r\n c\r\n\r\n",
    "space before the colon": GET + b"HOST\r\nA : b\r\n\r\n",
    "a header without name": GET + b"HOST\r\n: b\r\n\r\n",
    "NUL in a header": GET + b"HOST\r\nA: \x00\r\n\r\n",
    "ff in every header": GET + b"HOST\r\n\xff: \xff\r\nAuthorization: \xff\r\nOrigin: \xff\r\n\r\n",
    "ff in the target": b"GET /\xff HTTP/1.1\r\nHOST\r\n\r\n",
    "ff in the method": b"\xff / HTTP/1.1\r\nHOST\r\n\r\n",
    "NUL in the target": b"GET /%00 HTTP/1.1\r\nHOST\r\n" + AUTH + b"\r\n",
    "broken escapes": b"GET /%%%zz%f HTTP/1.1\r\nHOST\r\n" + AUTH + b"\r\n",
    "broken UTF-8 in the target": b"GET /sessions/%ff%fe/state?from=%ff HTTP/1.1\r\nHOST\r\n" + AUTH + b"\r\n",
    "no length": POST + b"HOST\r\n\r\n{}",
    "two lengths": POST + b"HOST\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\n{} ",
    "a negative length": POST + b"HOST\r\nContent-Length: -1\r\n\r\n",
    "a length beyond all": POST + b"HOST\r\nContent-Length: 99999999999999999999\r\n\r\n",
    "a length in words": POST + b"HOST\r\nContent-Length: two\r\n\r\n{}",
    "a length and chunks": POST + b"HOST\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\nGET /",
    "an unknown coding": POST + b"HOST\r\nTransfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n",
    "a chunk without size": POST + b"HOST\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\n",
    "a negative chunk": POST + b"HOST\r\nTransfer-Encoding: chunked\r\n\r\n-5\r\nhello\r\n",
    "a huge chunk": POST + b"HOST\r\nTransfer-Encoding: chunked\r\n\r\nffffffffffffffff\r\nhello",
    "a chunk that is longer": POST + b"HOST\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}xx\r\n0\r\n\r\n",
    "a chunk's extension bomb": POST + b"HOST\r\nTransfer-Encoding: chunked\r\n\r\n1;" + b"a" * 200_000,
    "trailers": POST + b"HOST\r\nTransfer-Encoding: chunked\r\n\r\n0\r\nA: \xff\r\n\r\n",
    "half a body": POST + b"HOST\r\nContent-Length: 100\r\n\r\n{",
    "expect": POST + b"HOST\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n{}",
    "an unknown expectation": POST + b"HOST\r\nExpect: \xff\r\nContent-Length: 2\r\n\r\n{}",
    "CONNECT": b"CONNECT evil.example:443 HTTP/1.1\r\nHOST\r\n" + AUTH + b"\r\n" + b"\x16\x03",
    "TRACE": b"TRACE / HTTP/1.1\r\nHOST\r\n" + AUTH + b"\r\n",
    "OPTIONS *": b"OPTIONS * HTTP/1.1\r\nHOST\r\n" + AUTH + b"\r\n",
    "a pipeline": (GET + b"HOST\r\n" + AUTH + b"\r\n") * 200,
    "a pipeline behind a stream": STREAM + b"HOST\r\n\r\n" + (GET + b"HOST\r\n\r\n") * 50,
    "garbage behind a stream": STREAM + b"HOST\r\n\r\n" + b"\xff\x00" * 5000,
    "a body for a stream": STREAM + b"HOST\r\nContent-Length: 5\r\n\r\nhello" + b"\xff" * 1000,
    "chunks for a stream": STREAM + b"HOST\r\nTransfer-Encoding: chunked\r\n\r\n" + b"1\r\na\r\n" * 5000 + b"zz\r\n",
    "HEAD of a stream and more": STREAM.replace(b"GET", b"HEAD") + b"HOST\r\n\r\n" + GET + b"HOST\r\n\r\n",
}


async def throw(server: Server, data: bytes, *, half_close: bool) -> bytes:
    """Send `data`, then close, or say that nothing more comes and wait for what is said."""
    data = data.replace(b"HOST", b"Host: " + server.host.encode())
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
        for name, data in DIRECTED.items():
            answer = await throw(server, data, half_close=half_close)
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
    "CONNECT": 400,
    "OPTIONS *": 400,
    "TRACE": 405,
    "a length and chunks": 400,
}


@pytest.mark.parametrize(("name", "status"), ANSWERS.items())
async def test_what_is_wrong_is_told_where_it_can_be(name: str, status: int, mock_clock: MockClock) -> None:
    async with serving_app() as server, await server.connect() as stream:
        await stream.send_all(DIRECTED[name].replace(b"HOST", b"Host: " + server.host.encode()))
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


def mutants(server: Server, count: int) -> list[bytes]:
    """`count` requests that began as honest ones, the same ones in every run."""
    chance = random.Random(20261123)
    host = f"Host: {server.host}".encode()
    honest = [
        data.replace(b"HOST", host)
        for data in (
            GET + b"HOST\r\n" + AUTH + b"\r\n",
            STREAM + b"HOST\r\nLast-Event-ID: aaaaaaaaaaaaaaaa.1.000000000000\r\n\r\n",
            POST + b'HOST\r\nIdempotency-Key: 12345678\r\nContent-Length: 15\r\n\r\n{"message":"a"}',
            POST + b'HOST\r\nTransfer-Encoding: chunked\r\n\r\n7\r\n{"messa\r\n8\r\nge":"a"}\r\n0\r\n\r\n',
            b"GET /messages?start=0&end=1 HTTP/1.1\r\nHOST\r\n" + AUTH + b"Origin: http://127.0.0.1\r\n\r\n",
        )
    ]
    made = []
    for _ in range(count):
        data = bytearray(chance.choice(honest))
        for _ in range(chance.randint(1, 6)):
            at = chance.randrange(len(data) + 1)
            match chance.randrange(5):
                case 0:
                    data[at : at + 1] = bytes([chance.randrange(256)])
                case 1:
                    data[at:at] = chance.choice(
                        [b"\r\n", b"\0", b"\xff", b" ", b":", b"%", b"\n", b"1" * 30, b"\x80" * 9]
                    )
                case 2:
                    del data[at : at + chance.randint(1, 12)]
                case 3:
                    data[at:at] = data[: chance.randrange(len(data) + 1)]
                case _:
                    begin = chance.randrange(len(data) + 1)
                    data[at:at] = data[begin : begin + 20]
        made.append(bytes(data))
    return made


async def test_thousands_of_broken_requests_leave_nothing_behind(mock_clock: MockClock) -> None:
    async with serving_app() as server, server.client() as client, open_events(client) as watcher:
        await watcher.next_of("state")
        before = tasks(), descriptors()
        memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        limit = trio.CapacityLimiter(50)
        fatal: list[bytes] = []

        async def one(data: bytes) -> None:
            async with limit:
                answer = await throw(server, data, half_close=len(data) % 2 == 0)
                if answer.startswith(b"HTTP/1.1 5"):
                    fatal.append(data)

        async with trio.open_nursery() as nursery:
            for data in mutants(server, 3000):
                nursery.start_soon(one, data)
        assert fatal == []
        await settled(lambda: (tasks(), descriptors()) == before)
        assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - memory < 100_000  # KiB
        await server.record("still here")
        while "still here" not in (await watcher.next_of("message")).data:
            pass


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
