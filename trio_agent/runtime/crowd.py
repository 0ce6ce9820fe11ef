"""Crowd: how many clients are connected to a session, and when it is worth telling all of them that it is another number."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import trio

from trio_agent.runtime.signal import Signal

CROWD_INTERVAL_S = 1.0  # told at once, each who comes would cost everybody a State: the square of the crowd


class Crowd:
    """`size` is a level, behind `signal` like all others, but changes wake those who wait once in CROWD_INTERVAL_S only.

    No change is lost, though no task stands by: who is woken by one looks again at `settled_at`, and sees those that came
    after it by then; the first change after that wakes again.
    """

    def __init__(self, signal: Signal) -> None:
        self.size = 0
        self.settled_at = float("-inf")
        self._signal = signal

    @contextmanager
    def joined(self) -> Iterator[None]:
        """One more for as long as the block lasts."""
        self._change(1)
        try:
            yield
        finally:
            self._change(-1)

    def _change(self, by: int) -> None:
        self.size += by
        if trio.current_time() >= self.settled_at:
            self.settled_at = trio.current_time() + CROWD_INTERVAL_S
            self._signal.notify()
