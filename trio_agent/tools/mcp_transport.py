"""The two streams to a server, by whichever way the user named it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from typing import Any

import httpx2
from mcp.client.streamable_http import streamable_http_client

from trio_agent.core.mcp_server import McpServer
from trio_agent.core.redaction import Redactor
from trio_agent.tools.mcp_listing import Sieve
from trio_agent.tools.mcp_response import ask_unpacked, bound
from trio_agent.tools.mcp_stdio import stdio_transport


@asynccontextmanager
async def open_transport(
    server: McpServer, environment: Mapping[str, str], on_end: Callable[[str], None], redactor: Redactor, sieve: Sieve
) -> AsyncIterator[Transport]:
    """What the SDK is given: all that the server sends goes through `sieve` first. `on_end` hears why a program has ended."""
    if server.command:
        async with stdio_transport(server, environment, on_end, redactor) as (received, sent):
            yield Transport(_Sieved(received, sieve), sent)
    else:
        # No limit on a read: a call that is at work says nothing. The deadline of a call ends it.
        timeout = httpx2.Timeout(30, read=None)
        hooks: dict[str, list[Callable[..., Any]]] = {"request": [ask_unpacked], "response": [bound]}
        async with (
            httpx2.AsyncClient(headers=server.headers, timeout=timeout, event_hooks=hooks) as http,
            streamable_http_client(server.url, http_client=http) as (received, sent),
        ):
            yield Transport(_Sieved(received, sieve), sent)


class Transport:
    """Streams that somebody else closes, in the form in which the SDK takes a transport."""

    def __init__(self, received: Any, sent: Any) -> None:
        self._streams = received, sent

    async def __aenter__(self) -> Any:
        return self._streams

    async def __aexit__(self, *_: object) -> None:
        return None


class _Sieved:
    """A stream of the SDK's, whose messages are shown to `sieve` on their way."""

    def __init__(self, stream: Any, sieve: Sieve) -> None:
        self._stream = stream
        self._sieve = sieve

    @property
    def last_context(self) -> Any:
        return getattr(self._stream, "last_context", None)

    async def receive(self) -> Any:
        message = await self._stream.receive()
        self._sieve(message)
        return message

    async def aclose(self) -> None:
        await self._stream.aclose()

    def __aiter__(self) -> _Sieved:
        return self

    async def __anext__(self) -> Any:
        message = await self._stream.__anext__()
        self._sieve(message)
        return message

    async def __aenter__(self) -> _Sieved:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._stream.aclose()
