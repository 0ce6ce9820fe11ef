"""A provider for StreamedModel, in memory: answers as told, at the times told."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from itertools import pairwise
from typing import Any

import httpx2
import trio

from trio_agent.models.streamed import StreamedModel
from trio_agent.models.wire import Wire

EVENT_STREAM = {"content-type": "text/event-stream"}


class Chunks(httpx2.AsyncByteStream):
    """A response body in the pieces given; a number is a pause in seconds, an exception is raised."""

    def __init__(self, *pieces: bytes | float | Exception) -> None:
        self._pieces = pieces

    async def __aiter__(self) -> AsyncIterator[bytes]:
        for piece in self._pieces:
            if isinstance(piece, bytes):
                yield piece
            elif isinstance(piece, Exception):
                raise piece
            else:
                await trio.sleep(piece)


class Far:
    """The far side. Answers with `responses`, one a request; the last one again and again. `asked_at` is by Trio's clock."""

    def __init__(self, *responses: httpx2.Response | Exception) -> None:
        self.requests: list[httpx2.Request] = []
        self.asked_at: list[float] = []
        self._responses = list(responses)

    def __call__(self, request: httpx2.Request) -> httpx2.Response:
        self.requests.append(request)
        self.asked_at.append(trio.current_time())
        response = self._responses.pop(0) if len(self._responses) > 1 else self._responses[0]
        if isinstance(response, Exception):
            raise response
        # A response can be read but once, and the last one is given again and again.
        return httpx2.Response(response.status_code, headers=response.headers, stream=response.stream)

    def model(
        self, wire: Wire, uniform: Callable[[float, float], float] = lambda low, high: high, **options: Any
    ) -> StreamedModel:
        """The model at `wire`, with this as its provider."""
        return StreamedModel(wire, transport=httpx2.MockTransport(self), uniform=uniform, **options)

    @property
    def waits(self) -> list[float]:
        return [round(after - before, 6) for before, after in pairwise(self.asked_at)]


def ok(*pieces: bytes | float | Exception) -> httpx2.Response:
    return httpx2.Response(200, headers=EVENT_STREAM, stream=Chunks(*pieces))
