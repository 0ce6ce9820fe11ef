"""What a turn has spent, against its budget, and the deadline that follows from it.

Everything of a turn (its model calls, its tools, its sub-agents) runs inside `limited()`: when the seconds are over, or the
dollars, which are counted while an answer comes, all of it is cancelled at once. A sub-agent draws on the same account, so it
has what its parent has left.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import trio

from trio_agent.core.budget import Budget, Spent, breach
from trio_agent.core.usage import Usage


class Spending:
    """The account of one turn. `now` is a monotonic clock in seconds, the one by which cancel scopes have their deadlines."""

    def __init__(self, budget: Budget, now: Callable[[], float]) -> None:
        self._budget = budget
        self._now = now
        self._begun = now()
        self._pauses = 0
        self._paused_at = 0.0
        self._dollars = 0.0
        self._responses = 0
        self._scopes: set[trio.CancelScope] = set()

    @property
    def deadline(self) -> float:
        """When, by the same clock, the turn's seconds are used up."""
        if self._pauses or self._budget.seconds <= 0:
            return math.inf
        return self._begun + self._budget.seconds

    @property
    def elapsed_ns(self) -> int:
        """Without the time that users took to answer questions."""
        return int(self._elapsed * 1e9)

    @contextmanager
    def limited(self) -> Iterator[trio.CancelScope]:
        """A cancel scope that is cancelled as soon as the budget is reached."""
        with trio.CancelScope(deadline=self.deadline) as scope:
            if self.breach():
                scope.cancel()
            self._scopes.add(scope)
            try:
                yield scope
            finally:
                self._scopes.discard(scope)

    @contextmanager
    def paused(self) -> Iterator[None]:
        """The turn's time stands still for as long as the block lasts: the user is being waited for."""
        if not self._pauses:
            self._paused_at = self._now()
        self._pauses += 1
        self._set_deadlines()
        try:
            yield
        finally:
            self._pauses -= 1
            if not self._pauses:
                self._begun += self._now() - self._paused_at
            self._set_deadlines()

    def call(self) -> Call:
        """One more model call."""
        return Call(self._count)

    def breach(self) -> str:
        """What was reached, fit for the user; empty while within the budget."""
        # Rounded, or a turn that ended at its deadline would sometimes seem a nanosecond short of it.
        spent = Spent(dollars=self._dollars, responses=self._responses, seconds=round(self._elapsed, 3))
        return breach(self._budget, spent)

    @property
    def _elapsed(self) -> float:
        return (self._paused_at if self._pauses else self._now()) - self._begun

    def _set_deadlines(self) -> None:
        for scope in self._scopes:
            scope.deadline = self.deadline

    def _count(self, dollars: float, responses: int) -> None:
        self._dollars += dollars
        self._responses += responses
        if self.breach():
            for scope in self._scopes:
                scope.cancel()


class Call:
    """What one model call has cost so far."""

    def __init__(self, count: Callable[[float, int], None]) -> None:
        self._count = count
        self.usage = Usage()

    def so_far(self, usage: Usage) -> None:
        """The provider told more of what the answer costs."""
        more = usage.cost_usd - self.usage.cost_usd
        self.usage = usage
        self._count(more, 0)

    def answered(self, usage: Usage) -> None:
        """The answer is whole."""
        more = usage.cost_usd - self.usage.cost_usd
        self.usage = usage
        self._count(more, 1)
