"""What a turn has spent, against its budget."""

from __future__ import annotations

from collections.abc import Callable

from trio_agent.core.budget import Budget, Spent, breach
from trio_agent.core.usage import Usage


class Spending:
    """The account of one turn. `now` is a monotonic clock in seconds."""

    def __init__(self, budget: Budget, now: Callable[[], float]) -> None:
        self._budget = budget
        self._now = now
        self._begun = now()
        self._dollars = 0.0
        self._responses = 0

    @property
    def deadline(self) -> float:
        """When, by the same clock, the turn's seconds are used up."""
        return self._begun + self._budget.seconds if self._budget.seconds > 0 else float("inf")

    @property
    def elapsed_ns(self) -> int:
        return int((self._now() - self._begun) * 1e9)

    def add(self, usage: Usage) -> None:
        """Count one model response."""
        self._dollars += usage.cost_usd
        self._responses += 1

    def breach(self) -> str:
        """What was reached, fit for the user; empty while within the budget."""
        # Rounded, or a turn that ended at its deadline would sometimes seem a nanosecond short of it.
        seconds = round(self._now() - self._begun, 3)
        spent = Spent(dollars=self._dollars, responses=self._responses, seconds=seconds)
        return breach(self._budget, spent)
