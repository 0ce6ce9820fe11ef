"""One connection of the browser's through the proxy, and what may happen to it."""

from __future__ import annotations

import socket
import struct
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Literal

import trio

from tests.faults.visit import Visit

End = Literal["reset", "finish", "half"]
END_WORDS: dict[str, str] = {"reset": "RST", "finish": "FIN", "half": "half closed"}


@dataclass(slots=True)
class Weather:
    """What the network does to all that passes, until it is changed."""

    delay_s: float = 0.0
    crumb_bytes: int = 0
    """The most that is passed on in one piece; 0 = all."""
    hold_bytes: float = 0.0
    """A buffering proxy: an answer to a stream is passed on when so much of it has gathered."""
    stalled: bool = False
    dark: bool = False
    """Connections are accepted, and nothing that goes over them arrives."""


@dataclass(slots=True)
class Snag:
    """What happens to a stream's answer at one place: after `after` more bytes, or `after` bytes into the next `pattern`."""

    act: End | bytes
    """How it ends there, or the junk that comes in between."""
    after: int
    pattern: bytes = b""


@dataclass(slots=True, eq=False)
class Link:
    browser: trio.SocketStream
    weather: Weather
    counts: Counter[str]
    now: Callable[[], float]
    visit: Visit | None = None
    """Of the stream that is asked for here, if it is."""
    snag: Snag | None = None
    swallowing: bool = False
    loses_answer: bool = False
    scope: trio.CancelScope = field(default_factory=trio.CancelScope)
    _held: bytearray = field(default_factory=bytearray)
    _sending: trio.Lock = field(default_factory=trio.Lock)

    async def pass_on(self, data: bytes) -> None:
        """To the browser, as the weather is."""
        if self.swallowing:
            self.counts["bytes swallowed"] += len(data)
            return
        if self.loses_answer:
            self.counts["answers lost"] += 1
            self.end("reset")
            return
        if self.weather.delay_s:
            self.counts["chunks delayed"] += 1
            await trio.sleep(self.weather.delay_s)
        self._held += data
        holds = self.weather.hold_bytes if self.visit else 0
        if self.weather.stalled or len(self._held) < holds:
            self.counts["bytes held back"] += len(data)
        else:
            await self.release()

    async def release(self) -> None:
        """Pass on what was held back."""
        async with self._sending:
            while self._held and not self.swallowing:
                size = self.weather.crumb_bytes or len(self._held)
                piece = bytes(self._held[:size])
                del self._held[:size]
                if self.weather.crumb_bytes:
                    self.counts["crumbs"] += 1
                await self._send(piece)

    async def _send(self, data: bytes) -> None:
        place = self._place_of_snag(data)
        if place is None:
            await self._write(data)
            return
        assert self.snag is not None
        act, self.snag = self.snag.act, None
        await self._write(data[:place])
        if isinstance(act, bytes):
            self.counts["junk in a stream"] += 1
            if self.visit:
                self.visit.spoilt = True
            await self._write(act + data[place:])
        else:
            # A whole event ends with an empty line and, in HTTP's chunks, the line end of the chunk.
            cut_off = not data[:place].endswith((b"\n\n", b"\n\n\r\n"))
            self.counts["cut within an event" if cut_off else "cut between events"] += 1
            self.end(act)

    def _place_of_snag(self, data: bytes) -> int | None:
        if self.snag is None:
            return None
        if self.snag.pattern:
            found = data.find(self.snag.pattern)
            place = found + self.snag.after
            return place if found >= 0 and place <= len(data) else None
        if self.snag.after <= len(data):
            return self.snag.after
        self.snag.after -= len(data)
        return None

    async def _write(self, data: bytes) -> None:
        if data:
            await self.browser.send_all(data)
            if self.visit:
                self.visit.passed(data, self.now())

    def end(self, how: End) -> None:
        """Tell the browser that it is over, and let go of both sides."""
        self.counts[END_WORDS[how]] += 1
        raw = self.browser.socket
        try:
            if how == "reset":
                # Closing with a linger of 0 s sends a reset instead of an end.
                raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                raw.close()
            else:
                raw.shutdown(socket.SHUT_WR)
        except OSError:
            self.counts["ended by the browser first"] += 1
        if self.visit:
            self.visit.ended(self.now())
        if how == "half":
            # Our side of the conversation is over; what the browser says is still read, and goes nowhere.
            self.swallowing = True
        else:
            self.scope.cancel()
