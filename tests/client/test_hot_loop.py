"""Whatever a broken server says about when to come back, it is not asked in a hot loop and not given up for ever."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field

import httpx2
import pytest
import trio
from trio.testing import MockClock

from tests.client.standin import SESSION, URL
from trio_agent.client import connect

WATCHED_S = 600.0
READY = b'event: ready\ndata: {"log":"%s","from":0,"count":0,"heartbeat":%s,"server":"0"}\n\n'


def ready(heartbeat: str = "15") -> bytes:
    return READY % (b"a" * 16, heartbeat.encode())


def goodbye(retry: str) -> bytes:
    return b'event: bye\ndata: {"reason":"shutdown","retry_ms":%s}\n\n' % retry.encode()


def refusal(status: int, retry_after: str) -> Callable[[], httpx2.Response]:
    return lambda: httpx2.Response(status, headers={"retry-after": retry_after})


def answer(*chunks: bytes, then_silent: bool = False) -> Callable[[], httpx2.Response]:
    headers = {"content-type": "text/event-stream"}
    return lambda: httpx2.Response(200, headers=headers, stream=_Said(chunks, then_silent))


@dataclass
class Broken(httpx2.AsyncBaseTransport):
    """Answers every request for a stream in the same way."""

    answer: Callable[[], httpx2.Response]
    asked_at: list[float] = field(default_factory=list)

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        await trio.lowlevel.checkpoint()
        if not request.url.path.endswith("/stream"):
            return httpx2.Response(200, json={"session_id": SESSION})
        self.asked_at.append(trio.current_time())
        return self.answer()


class _Said(httpx2.AsyncByteStream):
    def __init__(self, chunks: tuple[bytes, ...], then_silent: bool) -> None:
        self._chunks = chunks
        self._then_silent = then_silent

    async def __aiter__(self) -> AsyncIterator[bytes]:
        for chunk in self._chunks:
            await trio.lowlevel.checkpoint()
            yield chunk
        if self._then_silent:
            await trio.sleep_forever()

    async def aclose(self) -> None:
        await trio.lowlevel.cancel_shielded_checkpoint()


ANSWERS = {
    "accepts and drops": answer(ready()),
    "says goodbye without a time": answer(ready(), goodbye("0")),
    "names a time in the past": answer(ready(), goodbye("-5000")),
    "names a time that is none": answer(ready(), goodbye('"soon"')),
    "names a time that looks like never": answer(ready(), goodbye("1e300")),
    "has a retry of nothing": answer(b"retry: 0\n\n", ready()),
    "has an endless retry": answer(b"retry: 99999999999999999999\n\n", ready()),
    "promises a beat of nothing": answer(ready("0"), then_silent=True),
    "promises a beat in the past": answer(ready("-15"), then_silent=True),
    "promises a beat every microsecond": answer(ready("1e-6"), then_silent=True),
    "sends what does not fit": answer(ready(), b"id: x\nevent: message\ndata: {}\n\n"),
    "sends what cannot be read": answer(ready(), b"event: message\ndata: {\n\n"),
    "refuses at once": refusal(503, "0"),
    "refuses until a time in the past": refusal(429, "-1"),
    "refuses until a date in the past": refusal(503, "Thu, 01 Jan 1970 00:00:00 GMT"),
    "refuses until a time that looks like never": refusal(503, "999999"),
}


@pytest.mark.parametrize("answer", ANSWERS.values(), ids=ANSWERS)
@pytest.mark.parametrize("luck", [0.0, 0.5, 0.999])
def test_a_broken_server_is_asked_again_but_never_in_a_hot_loop(
    answer: Callable[[], httpx2.Response], luck: float
) -> None:
    # A quarter of the longest backoff is 3.75 s; a beat is believed from one second up, and two of silence are the end.
    assert 2 <= len(asked(answer, luck, WATCHED_S)) <= 10 + WATCHED_S / 2


def test_a_beat_that_never_comes_is_not_waited_for_without_end() -> None:
    assert len(asked(answer(ready("1e300"), then_silent=True), 0.5, watched_s=10_000)) == 2


def asked(answer: Callable[[], httpx2.Response], luck: float, watched_s: float) -> list[float]:
    """When the server was asked for a stream, in so many seconds."""
    server = Broken(answer)

    async def follow() -> None:
        with trio.move_on_after(watched_s):
            async with connect(URL, transport=server, uniform=lambda: luck) as client:
                async for _ in client:
                    pass

    trio.run(follow, clock=MockClock(autojump_threshold=0))
    return server.asked_at
