"""What became of one schedule: its history, what it met, and what the oracle says of it."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

from tests.torture.history import Fact
from tests.torture.oracle import Violation


@dataclass(slots=True)
class Outcome:
    seed: int
    history: list[Fact] = field(default_factory=list)
    counts: Counter[str] = field(default_factory=Counter)
    violations: list[Violation] = field(default_factory=list)

    def record(self, fact: Fact) -> None:
        self.history.append(fact)

    def count(self, what: str) -> None:
        self.counts[what] += 1

    @property
    def now(self) -> float:
        """When the last thing happened."""
        return self.history[-1].at if self.history else 0.0
