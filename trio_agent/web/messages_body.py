"""Messages of a log as the body of an answer, taken from the store a page at a time while the client takes them.

A log may be larger than memory, and reading all of it at once would hold everybody's streams up.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from types import TracebackType

from quart import Response
from quart.wrappers.response import ResponseBody

from trio_agent.runtime.log import EventLog

_HEADERS = {"Content-Type": "application/json", "Cache-Control": "no-store"}


async def answer_messages(
    log: EventLog, start: int, stop: int, *, head: bool, before: bytes = b"[", after: bytes = b"]"
) -> Response:
    """Messages [start:stop) with commas between, `before` and `after` around them; headers alone where `head`.

    What fits into one page is sent whole, with its length. Raises StoreError, NotFound where the log was deleted: only the
    first page can, for later ones come when the status has been sent.
    """
    page = await log.page(start, stop)
    whole = start + len(page) == stop
    if whole:
        return Response(before + b",".join(page) + after, 200, _HEADERS)
    if head:
        response = Response(b"", 200, _HEADERS)
        del response.headers["Content-Length"]
        return response
    return Response(MessagesBody(log, start, stop, page, before, after), 200, _HEADERS)


class MessagesBody(ResponseBody):
    """The chunks of a body, one a page. Raises as `EventLog.page` does: the answer breaks off, and is no whole JSON."""

    def __init__(self, log: EventLog, start: int, stop: int, page: list[bytes], before: bytes, after: bytes) -> None:
        """`page` is the first one."""
        self._log = log
        self._at = start
        self._stop = stop
        self._page = page
        self._before = before
        self._after = after

    async def __aenter__(self) -> MessagesBody:
        return self

    async def __aexit__(self, exc_type: type, exc_value: BaseException, tb: TracebackType) -> None:
        pass

    def __aiter__(self) -> AsyncIterator[bytes]:
        return self

    async def __anext__(self) -> bytes:
        if self._at == self._stop:
            raise StopAsyncIteration
        page = self._page or await self._log.page(self._at, self._stop)
        self._page = []
        chunk = self._before + b",".join(page)
        self._at += len(page)
        self._before = b","
        return chunk + self._after if self._at == self._stop else chunk
