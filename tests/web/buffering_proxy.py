"""A proxy that spoils event streams unless it is told not to: it fills a buffer, compresses and keeps copies.

What it heeds is what real ones heed: `X-Accel-Buffering: no` (nginx), `no-transform` (compressors) and `no-store` (caches).
"""

from __future__ import annotations

import zlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import trio

BUFFER_BYTES = 64 * 1024
GZIP = 31  # zlib's number for gzip with the largest window


@dataclass
class Spoiler:
    """What one answer has become on its way; `chunks` are let through as the headers demand."""

    headers: dict[str, str]
    buffer: bytearray = field(default_factory=bytearray)

    def __post_init__(self) -> None:
        cache_control = self.headers.get("cache-control", "")
        self.buffers = self.headers.get("x-accel-buffering") != "no"
        self.compresses = "no-transform" not in cache_control
        self.keeps = "no-store" not in cache_control
        self._compressor = zlib.compressobj(wbits=GZIP)

    def through(self, chunk: bytes) -> bytes:
        if self.compresses:
            chunk = self._compressor.compress(chunk)
        if not self.buffers:
            return chunk
        self.buffer += chunk
        return self.rest() if len(self.buffer) >= BUFFER_BYTES else b""

    def end(self) -> bytes:
        return self.rest() + (self._compressor.flush() if self.compresses else b"")

    def rest(self) -> bytes:
        held, self.buffer = bytes(self.buffer), bytearray()
        return held


@dataclass
class Proxy:
    """In front of the server on `upstream`. `kept` are the answers that it would give to the next who asks."""

    upstream: int
    port: int = 0
    kept: list[str] = field(default_factory=list)

    async def serve(self, client: trio.SocketStream) -> None:
        async with client, await trio.open_tcp_stream("127.0.0.1", self.upstream) as server:
            head, _ = await _head(client)
            lines = head.split("\r\n")
            forwarded = [line for line in lines if not line.lower().startswith(("host:", "connection:"))]
            forwarded.insert(1, f"Host: 127.0.0.1:{self.upstream}\r\nConnection: close")
            # HTTP/1.0, as nginx speaks to what stands behind it: the body ends with the connection, and no chunk is framed.
            forwarded[0] = forwarded[0].replace("HTTP/1.1", "HTTP/1.0")
            await server.send_all("\r\n".join(forwarded).encode("latin-1") + b"\r\n\r\n")
            head, body = await _head(server)
            first, *fields = head.split("\r\n")
            headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in fields)}
            spoiler = Spoiler(headers)
            if spoiler.keeps:
                self.kept.append(lines[0])
            if spoiler.compresses:
                fields.append("Content-Encoding: gzip")
            fields = [line for line in fields if not line.lower().startswith("content-length:")]
            await client.send_all("\r\n".join([first, *fields]).encode("latin-1") + b"\r\n\r\n" + spoiler.through(body))
            async for chunk in server:
                await client.send_all(spoiler.through(chunk))
            await client.send_all(spoiler.end())


async def _head(stream: trio.SocketStream) -> tuple[str, bytes]:
    """The head of what comes, without the blank line, and what came behind it."""
    data = b""
    while b"\r\n\r\n" not in data:
        chunk = await stream.receive_some()
        assert chunk, f"it ended within its head: {data!r}"
        data += chunk
    head, _, rest = data.partition(b"\r\n\r\n")
    return head.decode("latin-1"), rest


@asynccontextmanager
async def proxied(upstream: int) -> AsyncIterator[Proxy]:
    """A proxy for as long as the block lasts; what goes through it then is torn."""
    proxy = Proxy(upstream)
    async with trio.open_nursery() as nursery:
        (listener,) = await trio.open_tcp_listeners(0, host="127.0.0.1")
        proxy.port = listener.socket.getsockname()[1]
        nursery.start_soon(trio.serve_listeners, proxy.serve, [listener])
        yield proxy
        nursery.cancel_scope.cancel()
