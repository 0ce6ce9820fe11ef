"""The requests that a browser sends over one connection, as far as a proxy must know them."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

import trio

Kind = Literal["stream", "chat", "other"]

_LENGTH = re.compile(rb"\r\ncontent-length: *(\d+)", re.IGNORECASE)
_STREAM = re.compile(rb"GET [^ ?]*/stream[? ]")
_CHAT = re.compile(rb"POST [^ ?]*/chat[? ]")


@dataclass(frozen=True, slots=True)
class Request:
    kind: Kind
    data: bytes


class Requests:
    """Reads request after request. A browser always says how long a body is, and sends the next request after the answer."""

    def __init__(self, browser: trio.SocketStream) -> None:
        self._browser = browser
        self._had = b""

    async def next(self) -> Request | None:
        """None when the browser has left. Raises trio.BrokenResourceError where it left in the middle or by a reset."""
        while b"\r\n\r\n" not in self._had:
            chunk = await self._browser.receive_some()
            if not chunk:
                return None
            self._had += chunk
        head, _, rest = self._had.partition(b"\r\n\r\n")
        length = _LENGTH.search(head)
        size = int(length[1]) if length else 0
        while len(rest) < size:
            chunk = await self._browser.receive_some()
            if not chunk:
                raise trio.BrokenResourceError("the browser left in the middle of a request")
            rest += chunk
        self._had = rest[size:]
        return Request(_kind_of(head), head + b"\r\n\r\n" + rest[:size])


def _kind_of(head: bytes) -> Kind:
    if _STREAM.match(head):
        return "stream"
    return "chat" if _CHAT.match(head) else "other"
