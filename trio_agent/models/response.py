"""The body of a provider's response, of which there can be more than anybody can hold: in bounded pieces, and in turns."""

from __future__ import annotations

import math

import httpx2
import trio

# So much is taken in at one go; then others have their turn. What came packed can be a thousand times as large as a read.
TURN_BYTES = 16 * 1024

# Of what a provider says of a failure, unpacked.
MAX_FAILURE_BYTES = 64 * 1024

# Some proxies pack what nobody asked them to. The client unpacks gzip in pieces of 1 MiB: one layer of it, for each on top of
# another makes as much a thousandfold again.
_TAKEN = ("", "identity", "gzip")


class Turn:
    """Lets others have theirs, after every TURN_BYTES.

    It raises nothing: in the middle of a response that would leave the client's generators half-way. Who is cancelled hears of
    it with the next read that waits, or behind the last. What is there is taken, for that may be the end; but no flood.
    """

    def __init__(self) -> None:
        self._bytes = 0
        self._late_bytes = 0

    @property
    def is_late(self) -> bool:
        """Whether the caller is cancelled, and has taken enough since."""
        return self._late_bytes >= TURN_BYTES

    async def took(self, count: int) -> None:
        self._bytes += count
        if trio.current_effective_deadline() == -math.inf:
            self._late_bytes += count
        if self._bytes >= TURN_BYTES:
            self._bytes = 0
            await trio.lowlevel.cancel_shielded_checkpoint()


async def beginning(response: httpx2.Response) -> bytes:
    """The first MAX_FAILURE_BYTES of the body; none of one that is packed in a way of its own."""
    body = bytearray()
    if unasked_packing(response):
        return b""
    with trio.CancelScope() as enough:
        async for chunk in response.aiter_bytes():
            body += chunk[: MAX_FAILURE_BYTES - len(body)]
            if len(body) >= MAX_FAILURE_BYTES:
                enough.cancel()
    return bytes(body)


def unasked_packing(response: httpx2.Response) -> str:
    """What the body is packed as, where that is something to refuse; else empty."""
    encoding = response.headers.get("content-encoding", "").strip().lower()
    return "" if encoding in _TAKEN else encoding
