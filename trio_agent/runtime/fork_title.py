"""What a fork is called: like the session that it came from, and yet told apart from it."""

from __future__ import annotations

import re
from collections.abc import Collection
from itertools import count

MAX_TITLE_CHARS = 500
"""As long as a user, too, may give one."""

_SUFFIX = re.compile(r" \(fork(?: [0-9]{1,9})?\)$")


def fork_title(title: str, taken: Collection[str]) -> str:
    """`title` with "(fork)" behind it, numbered where `taken` has that already; empty for a session without a title."""
    stem = _SUFFIX.sub("", title)
    if not stem:
        return ""
    for number in count(1):
        suffix = " (fork)" if number == 1 else f" (fork {number})"
        called = stem[: MAX_TITLE_CHARS - len(suffix)] + suffix
        if called not in taken:
            return called
    raise AssertionError("there is always a next number")
