"""What is spent, against a budget, and the deadline that follows from it.

Accounts are nested like the scopes that end with them: what a turn spends, its session spends. Everything of a turn (its model
calls, its tools, its sub-agents) runs inside `limited()`: when the seconds of one of the two are over, or the dollars, which
are counted while an answer comes, all of it is cancelled at once. A sub-agent draws on the same account, so it has what its
parent has left.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext

import trio

from trio_agent.core.budget import Budget, Spent, Whose, breach
from trio_agent.core.usage import Usage
from trio_agent.tasks import bounded


class Spending:
    """The account of one turn, `within` that of its session, or of a session, which has spent `before` so far.

    `now` is a monotonic clock in seconds, the one by which cancel scopes have their deadlines. It counts while the account is
    `running`.
    """

    def __init__(
        self,
        budget: Budget,
        now: Callable[[], float],
        *,
        whose: Whose = "turn",
        within: Spending | None = None,
        before: Spent | None = None,
    ) -> None:
        self._budget = budget
        self._now = now
        self._whose = whose
        self._within = within
        spent = before or Spent()
        self._dollars, self._responses, self._seconds = spent.dollars, spent.responses, spent.seconds
        self._since: float | None = None  # None while the clock stands still
        self._pauses = 0
        self._scopes: set[trio.CancelScope] = set()

    @property
    def deadline(self) -> float:
        """When, by the same clock, this account's own seconds are used up."""
        if self._since is None or self._budget.seconds <= 0:
            return math.inf
        return self._since + self._budget.seconds - self._seconds

    @property
    def elapsed_ns(self) -> int:
        """Without the time that users took to answer questions."""
        return int(self._elapsed * 1e9)

    @contextmanager
    def running(self) -> Iterator[None]:
        """Time counts for as long as the block lasts."""
        with self._within.running() if self._within else nullcontext():
            self._start()
            try:
                yield
            finally:
                self._stop()

    @contextmanager
    def limited(self) -> Iterator[None]:
        """What is done within is cancelled as soon as a budget is reached, this account's or the one it is within."""
        with (
            self._within.limited() if self._within else nullcontext(),
            trio.CancelScope(deadline=self.deadline) as scope,
        ):
            if self._own_breach():
                scope.cancel()
            self._scopes.add(scope)
            try:
                with bounded(scope):
                    yield
            finally:
                self._scopes.discard(scope)

    @contextmanager
    def paused(self) -> Iterator[None]:
        """Time stands still for as long as the block lasts: the user is being waited for."""
        with self._within.paused() if self._within else nullcontext():
            if not self._pauses:
                self._stop()
            self._pauses += 1
            try:
                yield
            finally:
                self._pauses -= 1
                if not self._pauses:
                    self._start()

    def renew(self) -> None:
        """All of the budget is there again. Nothing must be `limited` by it at the time."""
        self._dollars, self._responses, self._seconds = 0.0, 0, 0.0
        if self._since is not None:
            self._since = self._now()

    def call(self) -> Call:
        """One more model call."""
        return Call(self._count)

    def over(self) -> Whose | None:
        """Whose budget is reached: the session's before the turn's, where it is both."""
        outer = self._within.over() if self._within else None
        return outer or (self._whose if self._own_breach() else None)

    def breach(self) -> str:
        """What was reached, fit for the user; empty while within the budget."""
        outer = self._within.breach() if self._within else ""
        return "\n".join(part for part in (self._own_breach(), outer) if part)

    def _own_breach(self) -> str:
        # Rounded, or a turn that ended at its deadline would sometimes seem a nanosecond short of it.
        spent = Spent(dollars=self._dollars, responses=self._responses, seconds=round(self._elapsed, 3))
        return breach(self._budget, spent, self._whose)

    @property
    def _elapsed(self) -> float:
        return self._seconds + (0.0 if self._since is None else self._now() - self._since)

    def _start(self) -> None:
        self._since = self._now()
        self._set_deadlines()

    def _stop(self) -> None:
        self._seconds, self._since = self._elapsed, None
        self._set_deadlines()

    def _set_deadlines(self) -> None:
        for scope in self._scopes:
            scope.deadline = self.deadline

    def _count(self, dollars: float, responses: int) -> None:
        self._dollars += dollars
        self._responses += responses
        if self._within:
            self._within._count(dollars, responses)
        if self._own_breach():
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
