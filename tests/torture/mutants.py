"""Seeded bugs: the harness must find each of them, or what it does not find proves nothing.

Each is a part of the product with one mistake in it, a subclass or a wrapper, put in the place of the real part for the length
of a run. Nothing of the product knows of them.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from unittest.mock import patch

from tests.torture.world import run_seed

WITHIN = 200
"""So many schedules are enough for every one of them."""


@dataclass(frozen=True, slots=True)
class Mutant:
    """`swaps` says what stands in whose place, by the dotted name under which it is looked up."""

    name: str
    what: str
    swaps: tuple[tuple[str, object], ...]

    @contextmanager
    def at_work(self) -> Iterator[None]:
        with ExitStack() as stack:
            for target, part in self.swaps:
                stack.enter_context(patch(target, part))
            yield


@dataclass(frozen=True, slots=True)
class Caught:
    """`schedules` is how many it took; 0 = it was not caught. `kinds` are the promises that its first victim saw broken."""

    mutant: Mutant
    schedules: int
    kinds: tuple[str, ...]


def hunt(mutant: Mutant, within: int = WITHIN) -> Caught:
    """Run schedules with `mutant` at work until the oracle finds something."""
    with mutant.at_work():
        for seed in range(within):
            if found := run_seed(seed).violations:
                return Caught(mutant, seed + 1, tuple(sorted({violation.kind for violation in found})))
    return Caught(mutant, 0, ())


def table(caught: list[Caught]) -> str:
    """What was seeded and how soon it was found, as Markdown."""
    rows = ["| seeded bug | what it does | found in schedule | by |", "|---|---|---|---|"]
    rows += [
        f"| `{each.mutant.name}` | {each.mutant.what} | {each.schedules or 'never'} | {', '.join(each.kinds)} |"
        for each in caught
    ]
    return "\n".join(rows)
