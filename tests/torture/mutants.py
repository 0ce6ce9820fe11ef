"""Seeded bugs: the harness must find each of them, or what it does not find proves nothing.

Each is a part of the product with one mistake in it, a subclass or a wrapper, put in the place of the real part for the length
of a run. Nothing of the product knows of them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import Any, TypeVar
from unittest.mock import patch

from tests.torture.oracle import Kind
from tests.torture.run import run_seed

WITHIN = 200
"""So many schedules are enough for every one of them."""

P = TypeVar("P", bound=Callable[..., Any])


@dataclass(frozen=True, slots=True)
class Mutant:
    """`breaks` is the promise that the mistake breaks first of all, and by which it must be found.

    `swaps` says what stands in whose place, by the dotted name under which it is looked up.
    """

    name: str
    what: str
    breaks: Kind
    swaps: tuple[tuple[str, object], ...]

    @contextmanager
    def at_work(self) -> Iterator[None]:
        with ExitStack() as stack:
            for target, part in self.swaps:
                stack.enter_context(patch(target, part))
            yield


def seeded(into: list[Mutant], name: str, place: str, breaks: Kind) -> Callable[[P], P]:
    """Put what is decorated in `place`, as a mutant; its docstring says what it does."""

    def add(part: P) -> P:
        assert part.__doc__ is not None
        into.append(Mutant(name, part.__doc__, breaks, ((place, part),)))
        return part

    return add


@dataclass(frozen=True, slots=True)
class Caught:
    """`schedules` is how many it took to see the promise broken; 0 = it was not caught."""

    mutant: Mutant
    schedules: int


def hunt(mutant: Mutant, within: int = WITHIN) -> Caught:
    """Run schedules with `mutant` at work until the oracle finds the promise broken that it breaks."""
    with mutant.at_work():
        for seed in range(within):
            if any(violation.kind == mutant.breaks for violation in run_seed(seed).violations):
                return Caught(mutant, seed + 1)
    return Caught(mutant, 0)


def table(caught: Sequence[Caught]) -> str:
    """What was seeded, and how soon it was found, as Markdown."""
    rows = ["| seeded bug | what it does | found as | in schedule |", "|---|---|---|---|"]
    rows += [
        f"| `{each.mutant.name}` | {each.mutant.what} | {each.mutant.breaks} | {each.schedules or 'never'} |"
        for each in caught
    ]
    return "\n".join(rows)
