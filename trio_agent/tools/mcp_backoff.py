"""When an MCP server that ended may be started again: the more often in a row, the later."""

from __future__ import annotations

import math

import trio

MAX_BACKOFF_S = 300.0
STEADY_S = 60.0
"""A connection that lasted longer was none of a row of failures."""


class McpBackoff:
    """`not_before` is a time of trio's clock."""

    def __init__(self) -> None:
        self.not_before = -math.inf
        self._failures = 0

    def ended(self, began: float) -> None:
        """The connection that began at `began` is over: at once the first time, then after 1, 3, 7 … s."""
        now = trio.current_time()
        if now - began > STEADY_S:
            self._failures = 0
        self.not_before = now + min(MAX_BACKOFF_S, float(2**self._failures - 1))
        self._failures = min(self._failures + 1, 20)
