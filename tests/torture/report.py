"""The figures in docs/reliability.md: each stands between `<!-- measured: NAME -->` and `<!-- end -->`."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path

PAGE = Path(__file__).resolve().parents[2] / "docs" / "reliability.md"


def put(name: str, text: str) -> None:
    """Put `text` wherever `name` is measured. LookupError where the page has no such place."""
    page = PAGE.read_text("utf-8")
    renewed, places = _place(name).subn(lambda match: match[1] + _set(match[1], text) + match[3], page)
    if places == 0:
        raise LookupError(f"{PAGE.name} has no place for {name!r}")
    PAGE.write_text(renewed, "utf-8")


def get(name: str) -> str:
    """What stands there now. LookupError where the page has no such place."""
    match = _place(name).search(PAGE.read_text("utf-8"))
    if match is None:
        raise LookupError(f"{PAGE.name} has no place for {name!r}")
    return match[2].strip()


def troubles(counts: Mapping[str, int]) -> str:
    """How often each kind of trouble was met, as Markdown."""
    rows = ["| trouble | met |", "|---|---|"]
    return "\n".join([*rows, *(f"| {what} | {counts[what]:,} |" for what in sorted(counts) if what != "steps")])


def _place(name: str) -> re.Pattern[str]:
    return re.compile(rf"(<!-- measured: {name} -->\n?)(.*?)(<!-- end -->)", re.DOTALL)


def _set(opening: str, text: str) -> str:
    # A mark on a line of its own holds a block, one within a line holds a few words.
    return f"{text}\n" if opening.endswith("\n") else text
