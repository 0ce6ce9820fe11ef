"""Servers that say more than anybody can hold, over real sockets: packed or not, without end."""

from __future__ import annotations

import json
import zlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial

import trio

from tests.web.serving import read_until

FLUSHED = b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x02\xff"
"""The head of a gzip file; after it goes any number of blocks that `squeezed` made."""


MOST_BLOCKS = 600
"""Without end for who keeps to the bounds; who does not is to fail a test, and not to fill the memory."""


def chat_event(delta: object) -> bytes:
    return b"data: " + json.dumps({"choices": [{"delta": delta}]}).encode() + b"\n\n"


def call_event(arguments: str) -> bytes:
    return chat_event({"tool_calls": [{"index": 0, "id": "c", "function": {"name": "bash", "arguments": arguments}}]})


def squeezed(data: bytes, layers: int = 1) -> bytes:
    """`data` as a part of a gzip stream that may be repeated."""
    packer = zlib.compressobj(9, zlib.DEFLATED, -zlib.MAX_WBITS)
    block = packer.compress(data) + packer.flush(zlib.Z_FULL_FLUSH)
    return block if layers == 1 else squeezed(block * 64, layers - 1)


class Endless:
    """Answers each request with `begin` and then with `block`, until the client goes or MOST_BLOCKS have gone.

    `fields` are lines of its head.
    """

    def __init__(self, block: bytes, *, begin: bytes = b"", status: int = 200, fields: tuple[str, ...] = ()) -> None:
        lines = [f"HTTP/1.1 {status} As it is", "Connection: close", *fields]
        self._head = "\r\n".join(lines).encode() + b"\r\n\r\n" + begin
        self._block = block
        self.url = ""
        self.requests: list[bytes] = []
        self.sent = 0
        """Bytes of blocks; what the kernel holds on the way is among them, a few MiB."""
        self.left = trio.Event()
        """Set when a client has gone, or has had it all."""

    async def serve(self, stream: trio.SocketStream) -> None:
        async with stream:
            self.requests.append(await read_until(stream, b"\r\n\r\n"))
            try:
                await stream.send_all(self._head)
                for _ in range(MOST_BLOCKS):
                    await stream.send_all(self._block)
                    self.sent += len(self._block)
            except trio.BrokenResourceError:
                pass
            finally:
                self.left.set()


@asynccontextmanager
async def serving(server: Endless) -> AsyncIterator[Endless]:
    async with trio.open_nursery() as nursery:
        (listener,) = await nursery.start(partial(trio.serve_tcp, server.serve, 0, host="127.0.0.1"))
        server.url = "http://127.0.0.1:{1}".format(*listener.socket.getsockname())
        yield server
        nursery.cancel_scope.cancel()
