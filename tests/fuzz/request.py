"""A request as bytes, and what stands in it for things that only a running server knows.

Requests are made before there is a server, so that a number means the same bytes in every run: MARKS stand for the host, the
token, a session and so on, and are filled in when they are thrown.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

HOST, TOKEN, SESSION, CURSOR, LOG = b"@host@", b"@token@", b"@session@", b"@cursor@", b"@log@"
VICTIM = b"@victim@"
"""A session that may be deleted."""
NUMBER = b"@number@"
"""The number of the request: whatever it left in a log can be told by it. As long as what is put in its place."""

Header = tuple[bytes, bytes]
Headers = tuple[Header, ...]

AUTH: Header = (b"Authorization", b"Bearer " + TOKEN)
JSON: Header = (b"Content-Type", b"application/json")


@dataclass(frozen=True, slots=True)
class Request:
    """One request that is HTTP/1.1 in form, whatever it asks for."""

    method: bytes
    target: bytes
    headers: Headers = ()
    body: bytes = b""

    def encode(self) -> bytes:
        lines = [b"%b %b HTTP/1.1" % (self.method, self.target), *(b"%b: %b" % header for header in self.headers)]
        return b"\r\n".join([*lines, b"", self.body])


def ask(method: bytes, target: bytes, *headers: Header, body: bytes | None = None) -> Request:
    """A request of somebody who is let in. A `body` comes with its length."""
    length = () if body is None else ((b"Content-Length", b"%d" % len(body)),)
    return Request(method, target, ((b"Host", HOST), AUTH, *headers, *length), body or b"")


def fill(data: bytes, known: Mapping[bytes, bytes], number: int) -> bytes:
    """`data` with what is `known` of the server in the place of each mark."""
    for mark, value in {**known, NUMBER: tag_of(number)}.items():
        data = data.replace(mark, value)
    return data


def tag_of(number: int) -> bytes:
    """What stands for NUMBER: eight characters, as a body's length was counted before."""
    return b"n%07d" % number
