"""Programs that are run in a workspace. Part of the seams."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path

import msgspec


class Ran(msgspec.Struct, frozen=True, kw_only=True):
    """How a program ended: its exit status (a signal's number negated), and stdout and stderr together, cut in the middle."""

    exit_status: int
    output: str


RunProgram = Callable[[Sequence[str], Path], Awaitable[Ran]]
"""Runs a command line in a workspace as a model's commands are run; nothing of it runs on. Callers bring a deadline."""


class Formatted(msgspec.Struct, frozen=True, kw_only=True):
    """Which files formatters changed, the names of those formatters, and what went wrong, in words."""

    changed: tuple[str, ...] = ()
    by: tuple[str, ...] = ()
    problems: tuple[str, ...] = ()


FormatFiles = Callable[[Path, Sequence[str]], Awaitable[Formatted]]
"""Formats files of a workspace, named by their paths in it, as the repository is configured. Has deadlines of its own."""
