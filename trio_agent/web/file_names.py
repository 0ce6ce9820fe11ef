"""Finding files by what somebody types of their names. Pure."""

from __future__ import annotations

from collections.abc import Iterable

from trio_agent.web.visible import visible

MAX_NAMES = 50


def best_names(names: Iterable[str], wanted: str) -> tuple[list[str], int]:
    """The MAX_NAMES of `names` that fit `wanted` best, and how many more fit.

    Letters' case does not matter. First those whose last part begins so, then those that hold it there, then anywhere, then
    those that hold its letters in this order; shorter ones before longer. Names that no keyboard writes are left out.
    """
    letters = wanted.lower()
    ranked = []
    for name in names:
        rank = _rank(name.lower(), letters)
        if rank is not None and visible(name) == name:
            ranked.append((rank, len(name) if letters else 0, name))
    ranked.sort()
    return [name for _, _, name in ranked[:MAX_NAMES]], max(0, len(ranked) - MAX_NAMES)


def _rank(name: str, letters: str) -> int | None:
    last = name.rpartition("/")[2]
    if last.startswith(letters):
        return 0
    if letters in last:
        return 1
    if letters in name:
        return 2
    at = 0
    for letter in letters:
        at = name.find(letter, at) + 1
        if not at:
            return None
    return 3
