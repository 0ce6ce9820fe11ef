"""What the proxy knows of one request for the stream: the truth that the page's indicator is held against."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

_READY = re.compile(rb"event: ready\n[^\n]*\n(?:[^\n]+\n)*\n")
_BYE = b"event: bye\n"
_OPENING_BYTES = 8 * 1024
_PULSE = re.compile(rb"2\r\n:\n\r\n")
PULSE_S = 1.0
PULSE_SILENCE_S = 10.0
"""As `stream.js` has it."""


@dataclass(slots=True)
class Visit:
    """All times are Unix seconds; None = not yet. `ended_at`: the browser was told of the end, or has left."""

    asked_at: float
    silence_s: float
    """Two heartbeats: silence that has lasted for so long is knowable, and ends a connection."""
    quiet_s: float = 0.0
    """Silence that is knowable but ends nothing yet; 0 = there is no such thing, for no pulse has come."""
    ready_at: float | None = None
    ended_at: float | None = None
    passed_at: list[float] = field(default_factory=list)
    left: bool = False
    """It was the browser that ended it."""
    spoilt: bool = False
    """It brought what no page need bear, or a goodbye: to leave it is right."""
    _opening: bytes = b""

    def passed(self, data: bytes, at: float) -> None:
        """`data` has gone to the browser."""
        self.passed_at.append(at)
        if self.ready_at is not None and _PULSE.fullmatch(data):
            self.quiet_s, self.silence_s = PULSE_S, PULSE_SILENCE_S
        self.spoilt |= _BYE in data
        if self.ready_at is None and len(self._opening) < _OPENING_BYTES:
            self._opening += data
            if _READY.search(self._opening):
                self.ready_at = at

    def ended(self, at: float) -> None:
        if self.ended_at is None:
            self.ended_at = at

    def left_at(self, at: float) -> None:
        """The browser has gone, and nobody told it to."""
        self.left |= self.ended_at is None
        self.ended(at)

    def up(self, until: float) -> tuple[float, float] | None:
        """From when to when the page could know itself connected by this; None = never."""
        if self.ready_at is None:
            return None
        end = until if self.ended_at is None else self.ended_at
        for before, after in self._gaps(end):
            if after - before > self.silence_s:
                return self.ready_at, before + self.silence_s
        return self.ready_at, end

    def alive(self, until: float) -> Iterator[tuple[float, float]]:
        """The times in which the page could know that the server lives."""
        up = self.up(until)
        if up is None:
            return
        since, end = up
        for before, after in self._gaps(end) if self.quiet_s else ():
            if before >= end:
                break
            if after - before > self.quiet_s:
                yield since, before + self.quiet_s
                since = after
        if since < end:
            yield since, end

    def _gaps(self, end: float) -> Iterator[tuple[float, float]]:
        assert self.ready_at is not None
        beats = [each for each in self.passed_at if each >= self.ready_at]
        yield from zip(beats, [*beats[1:], end], strict=True)
