"""Globs as models write them: `*.py`, `src/**/*.ts`, `*.{yml,yaml}`. Pure."""

from __future__ import annotations

import re
from collections.abc import Sequence
from fnmatch import fnmatchcase

from trio_agent.core.errors import ToolError

MAX_ALTERNATIVES = 64
"""Of braces, multiplied out: `{a,b}{c,d}` makes four."""

_BRACES = re.compile(r"\{([^{}]*)\}")


class GlobFilter:
    """Which paths a glob means. Without a slash it means a name, in any directory; with one, a path from the workspace;
    with one at the end, all that is in a directory.

    `*` and `?` stop at a slash; `**` is any number of directories. Raises ToolError for a glob with too many braces.
    """

    def __init__(self, glob: str) -> None:
        self._globs = [_parts(each) for each in _alternatives(glob)]

    @property
    def names(self) -> tuple[str, ...]:
        """Globs of the last part of every path that can match: a first sieve. Empty where any name can."""
        names = tuple(glob[-1] for glob in self._globs)
        return () if "**" in names else names

    def matches(self, path: str) -> bool:
        parts = path.split("/")
        return any(_matches(glob, parts) for glob in self._globs)


def _parts(glob: str) -> tuple[str, ...]:
    below = glob.removeprefix("/") + ("**" if glob.endswith("/") else "")
    return tuple(below.split("/")) if "/" in below else ("**", below)


def _matches(glob: Sequence[str], parts: Sequence[str]) -> bool:
    # Row by row: `reached[i]` says that the globs so far can end before part i. A search that tries and goes back would
    # take exponential time for `**/a/**/a/**/a/…`. fnmatch itself has no such case (it uses atomic groups).
    reached = [True] + [False] * len(parts)
    for each in glob:
        if each == "**":
            first = reached.index(True) if True in reached else len(reached)
            reached = [i >= first for i in range(len(reached))]
        else:
            reached = [False] + [reached[i] and fnmatchcase(part, each) for i, part in enumerate(parts)]
    return reached[-1]


def _alternatives(glob: str) -> list[str]:
    """`glob` with its braces multiplied out."""
    done: list[str] = []
    pending = [glob]
    while pending:
        each = pending.pop()
        if braces := _BRACES.search(each):
            pending += [each[: braces.start()] + choice + each[braces.end() :] for choice in braces[1].split(",")]
        else:
            done.append(each)
        if len(done) + len(pending) > MAX_ALTERNATIVES:
            raise ToolError(f"the glob has more than {MAX_ALTERNATIVES} alternatives")
    return done
