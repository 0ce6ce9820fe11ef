"""What the proxy knows of one request for the stream: the truth that the page's indicator is held against."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

_READY = re.compile(rb"event: ready\n[^\n]*\n(?:[^\n]+\n)*\n")
_BYE = b"event: bye\n"
_OPENING_BYTES = 8 * 1024


@dataclass(slots=True)
class Visit:
    """All times are Unix seconds; None = not yet. `ended_at`: the browser was told of the end, or has left."""

    asked_at: float
    silence_s: float
    """Two heartbeats: silence that has lasted for so long is knowable."""
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
        beats = [each for each in self.passed_at if each >= self.ready_at]
        for before, after in zip(beats, [*beats[1:], end], strict=True):
            if after - before > self.silence_s:
                return self.ready_at, before + self.silence_s
        return self.ready_at, end
