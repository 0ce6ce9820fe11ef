"""The bodies of an MCP server's responses, bounded: the SDK reads those of JSON whole, and unpacks whatever comes."""

from __future__ import annotations

from collections.abc import AsyncIterator

import httpx2
import trio

MAX_BODY_BYTES = 16 * 1024 * 1024
"""As large as a line of a server that is a program may be."""

_EVENT_STREAM = "text/event-stream"


async def ask_unpacked(request: httpx2.Request) -> None:
    """A hook before each request. Whatever the user's headers say: what comes packed is refused."""
    await trio.lowlevel.checkpoint()
    request.headers["accept-encoding"] = "identity"


async def bound(response: httpx2.Response) -> None:
    """A hook before each body is read. Raises httpx2.ReadError for a packed one: it can be of any size."""
    await trio.lowlevel.checkpoint()
    encoding = response.headers.get("content-encoding", "").strip().lower()
    if encoding not in ("", "identity"):
        raise httpx2.ReadError(
            f"it packs its answers as {encoding[:100]}, which was not asked for", request=response.request
        )
    # A stream may go on for ever; the SDK bounds each of its events.
    if not response.headers.get("content-type", "").strip().lower().startswith(_EVENT_STREAM):
        assert isinstance(response.stream, httpx2.AsyncByteStream)
        response.stream = _Bounded(response.stream, response.request)


class _Bounded(httpx2.AsyncByteStream):
    """`body` as it is. Reading on after MAX_BODY_BYTES raises httpx2.ReadError."""

    def __init__(self, body: httpx2.AsyncByteStream, request: httpx2.Request) -> None:
        self._body = body
        self._request = request

    async def __aiter__(self) -> AsyncIterator[bytes]:
        size = 0
        body = aiter(self._body)
        async for chunk in body:
            size += len(chunk)
            if size > MAX_BODY_BYTES:
                await _end(body)
                raise httpx2.ReadError(
                    f"it sent an answer of more than {MAX_BODY_BYTES // 2**20} MiB", request=self._request
                )
            yield chunk

    async def aclose(self) -> None:
        await self._body.aclose()


async def _end(body: AsyncIterator[bytes]) -> None:
    """End `body` by a read that is cancelled: left half-way, it would be the garbage collector's, which cannot await."""
    with trio.CancelScope() as scope:
        scope.cancel()
        async for _ in body:
            pass
