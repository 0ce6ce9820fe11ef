"""One connection: what is thrown at the server, and what it says."""

from __future__ import annotations

import socket
import struct
from dataclasses import dataclass, field
from random import Random

import trio

from tests.fuzz.answers import Answer, AnswerReader
from tests.fuzz.shots import Shot
from trio_agent.core.errors import first_error

QUIET_S = 1.0
"""Who has heard nothing for so long may have sent something unfinished: it says that no more will come."""

QUIET_IN_FORM_S = 5.0
"""The same where only a poll has reason to be quiet."""

GRACE_S = 0.02
"""For a second answer where there might be two."""

GIVEN_UP_S = 30.0
"""By then a server must have closed a connection whose client has nothing more to say."""

CRUMBS = 12
_RESET = struct.pack("ii", 1, 0)


@dataclass(slots=True)
class Heard:
    """What came of one connection. `unsure`: answers may be missing, for the client did not wait for them, or could not."""

    shots: list[Shot]
    answers: list[Answer] = field(default_factory=list)
    unsure: bool = False
    left: bool = False
    """The client was the first to close."""
    faults: list[str] = field(default_factory=list)


async def throw(port: int, shots: list[Shot], data: list[bytes]) -> Heard:
    """Send `shots`, whose bytes are `data`, on one connection, and hear what there is to hear."""
    heard = Heard(shots)
    reader = AnswerReader([each[:5].upper() == b"HEAD " for each in data])
    with trio.move_on_after(GIVEN_UP_S) as patience:
        try:
            async with await trio.open_tcp_stream("127.0.0.1", port) as stream, trio.open_nursery() as nursery:
                manner, whole = shots[0].manner, b"".join(data)
                if manner in ("left", "reset"):
                    await _leave(stream, whole, shots[0])
                    return heard
                nursery.start_soon(_send, stream, whole, shots[0])
                await _hear(stream, reader, heard, whole.count(b" HTTP/1."))
                nursery.cancel_scope.cancel()
        except* (trio.BrokenResourceError, trio.ClosedResourceError):
            heard.unsure = True  # torn off, and what was on its way with it
        except* ValueError as group:
            heard.faults.append(str(first_error(group)))
    if patience.cancelled_caught:
        heard.faults.append(f"the connection was still open after {GIVEN_UP_S:.0f} s")
    heard.answers = reader.answers
    if reader.begun is not None and not reader.begun.endless and not (heard.left or heard.unsure):
        heard.faults.append(f"the answer broke off: {reader.begun.status}, {len(reader.begun.body)} bytes")
    return heard


async def _send(stream: trio.SocketStream, data: bytes, shot: Shot) -> None:
    try:
        for piece in _pieces(data, shot):
            await stream.send_all(piece)
            await trio.lowlevel.checkpoint()
        if shot.manner == "half-closed":
            await stream.send_eof()
    except trio.BrokenResourceError:
        pass  # the server has heard enough, which its answer says


def _pieces(data: bytes, shot: Shot) -> list[bytes]:
    if shot.manner != "crumbs":
        return [data]
    random = Random(shot.number)
    cuts = sorted(random.randrange(len(data) + 1) for _ in range(CRUMBS))
    return [data[begin:end] for begin, end in zip([0, *cuts], [*cuts, len(data)], strict=True)]


async def _hear(stream: trio.SocketStream, reader: AnswerReader, heard: Heard, requests: int) -> None:
    """Read until the server closes. Once all is answered, or nothing more comes, say that nothing more will be sent.

    As many as `requests` may be in what was sent, whoever reads it how.
    """
    heard.left = heard.unsure = heard.shots[0].manner == "half-closed"
    while True:
        answered = len(reader.answers) >= len(heard.shots)
        if not heard.left and answered and (heard.shots[0].joins or reader.answers[-1].endless):
            heard.left = True
            _say_no_more(stream)
        with trio.move_on_after(_patience_s(heard, answered)) as waiting:
            chunk = await stream.receive_some()
            if not chunk:
                return
            reader.feed(chunk)
        if waiting.cancelled_caught and not heard.left:
            heard.left = True
            heard.unsure = len(reader.answers) < requests
            _say_no_more(stream)


def _patience_s(heard: Heard, answered: bool) -> float:
    """How long to wait for more before saying that nothing more will be sent."""
    first = heard.shots[0]
    if heard.left or (first.statuses is not None and not answered):
        return GIVEN_UP_S
    return GRACE_S if answered else QUIET_IN_FORM_S if first.joins else QUIET_S


def _say_no_more(stream: trio.SocketStream) -> None:
    """Also while the other task is sending: what it has not sent is not sent any more."""
    try:
        stream.socket.shutdown(socket.SHUT_WR)
    except OSError:
        pass  # the server was faster


async def _leave(stream: trio.SocketStream, data: bytes, shot: Shot) -> None:
    """Send a piece of the head, in which no request is whole, and go."""
    whole = min((at for at in (data.find(b"\n\r\n"), data.find(b"\n\n")) if at >= 0), default=len(data))
    await stream.send_all(data[: Random(shot.number).randrange(max(whole, 1))])
    if shot.manner == "reset":
        stream.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)
