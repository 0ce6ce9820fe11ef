"""Promises about time, on one connection: what was due when, and whether it came. Pure.

A bound holds only while bytes flow: the connection is open, the network carries, the reader reads. Such a stretch of time is a
span; what falls due too near to its end is not judged.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

DELIVERY_S = 0.25
SILENT_BEATS = 2
CONNECT_S = 10.0
"""How long a client waits for the first byte."""
NOTICE_S = 1.0
"""How much later than that it may be noticed."""
STORM = (16, 30.0)
"""So many requests of one client within so many seconds. Backoff as promised makes 13 at most, two more after silences."""

Broken = tuple[float, str]


@dataclass(slots=True)
class Text:
    """So many characters of a part were written at `at`; at `void_at` that was no longer so."""

    at: float
    part: str
    length: int
    void_at: float = float("inf")


@dataclass(slots=True)
class Passage:
    """One connection's course in time. `spans` are the stretches in which bytes flowed."""

    began_at: float = 0.0
    """When the server began the stream: its heartbeats are counted from there."""
    opened_at: float | None = None
    start: int = 0
    heartbeat_s: float = 0.0
    received: dict[int, float] = field(default_factory=dict)
    texts: list[tuple[float, str, int]] = field(default_factory=list)
    """When text came, of which part, and how long the part was then."""
    beats: list[float] = field(default_factory=list)
    spans: list[tuple[float, float]] = field(default_factory=list)
    closed_at: float = float("inf")
    heard_at: float = 0.0
    flows: bool = False
    _since: float = 0.0
    _hindered: bool = False

    def open(self, at: float, start: int, heartbeat_s: float) -> None:
        self.opened_at, self.start, self.heartbeat_s = at, start, heartbeat_s
        self.began_at = self.began_at or at
        if not self._hindered:
            self.flow(at)

    def hinder(self, at: float) -> None:
        self._hindered = True
        if self.flows:
            self.spans.append((self._since, at))
            self.flows = False

    def flow(self, at: float) -> None:
        self._hindered = False
        if self.opened_at is not None and not self.flows:
            self._since, self.flows = at, True

    def close(self, at: float, heard_at: float) -> None:
        self.closed_at, self.heard_at = at, heard_at
        self.hinder(at)


def late_messages(passage: Passage, stored: Mapping[int, float]) -> Iterator[Broken]:
    """Messages that came, or did not come, more than DELIVERY_S after they could have; `stored` says since when."""
    for index, at in stored.items():
        if index < passage.start:
            continue
        came = passage.received.get(index, float("inf"))
        for begin, end in passage.spans:
            bound = max(begin, at) + DELIVERY_S
            if bound <= end and came > bound:
                yield bound, f"message {index}, durable at {at:.3f}, came at {came:.3f}"
                break


def late_texts(passage: Passage, written: Sequence[Text]) -> Iterator[Broken]:
    """Text that did not come within DELIVERY_S, though it still stood then. A longer one will do."""
    for text in written:
        bound = text.at + DELIVERY_S
        if text.void_at <= bound or not any(begin <= text.at and bound <= end for begin, end in passage.spans):
            continue
        if not any(
            text.at <= at <= bound and part == text.part and length >= text.length for at, part, length in passage.texts
        ):
            yield bound, f"{text.length} characters of {text.part}, written at {text.at:.3f}, had not come"


def late_beats(passage: Passage) -> Iterator[Broken]:
    """Heartbeats that did not come when they were due, and those that came when none was."""
    if passage.opened_at is None:
        return
    beat_s, beats = passage.heartbeat_s, passage.beats
    for begin, end in passage.spans:
        number = max(1, int((begin - passage.began_at) / beat_s))
        while (due := passage.began_at + number * beat_s) + DELIVERY_S <= end:
            number += 1
            if due - DELIVERY_S < begin:
                continue
            came = sum(due - DELIVERY_S <= at <= due + DELIVERY_S for at in beats)
            if came != 1:
                yield due, f"{came} came where one was due"
        for at in beats:
            # Right after a hindrance comes what was held back by it.
            if begin + DELIVERY_S < at <= end:
                off = (at - passage.began_at) % beat_s
                if min(off, beat_s - off) > DELIVERY_S:
                    yield at, f"came {off:.3f} s after one was due"


def long_silences(passage: Passage) -> Iterator[Broken]:
    """Connections that a client kept although nothing came any more."""
    heard_at = passage.heard_at
    allowed = CONNECT_S if passage.opened_at is None else SILENT_BEATS * passage.heartbeat_s
    bound = heard_at + allowed + NOTICE_S
    if bound < passage.closed_at < float("inf"):
        yield bound, f"nothing since {heard_at:.3f}, left at {passage.closed_at:.3f}"


def storms(asked: Sequence[float]) -> Iterator[Broken]:
    """The first moment at which a client had asked more often than backoff allows."""
    most, within_s = STORM
    for first, last in zip(asked, asked[most:], strict=False):
        if last - first < within_s:
            yield last, f"{most + 1} requests within {last - first:.1f} s"
            return
