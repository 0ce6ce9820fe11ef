"""The object stores that a clone borrows from. Source: gitrepository-layout(5), objects/info/alternates.

The list is written by what runs in the workspace. So it is no more than a wish: a FIFO, a link or a file without end in its
place is no list, and what it names must look like an object store. All of it blocks: callers run it in a thread.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Sequence
from pathlib import Path

MAX_DEPTH = 5
"""Lists that name stores with lists of their own: as deep as git itself follows them."""

MAX_STORES = 64
"""Of all that are looked at. A clone of ours borrows from one; lists that name each other would be without end."""

MAX_LIST_BYTES = 64 * 1024


def borrowed_objects(workspace: Path, below: Path, hidden: Sequence[Path]) -> list[Path]:
    """Resolved object stores in `below`, and in nothing that is `hidden`, that the clone in `workspace` borrows from."""
    found: list[Path] = []
    seen: set[Path] = set()
    stores = [workspace / ".git" / "objects"]
    for _ in range(MAX_DEPTH):
        following: list[Path] = []
        for store in stores:
            for alternate in _listed(store):
                if len(seen) == MAX_STORES:
                    return found
                if alternate in seen:
                    continue
                seen.add(alternate)
                following.append(alternate)
                if alternate.is_relative_to(below) and not any(alternate.is_relative_to(path) for path in hidden):
                    found += [alternate] * _is_store(alternate)
        stores = following
    return found


def _is_store(path: Path) -> bool:
    return path.name == "objects" and os.path.isdir(path / "pack")


def _listed(objects: Path) -> list[Path]:
    """What the list of `objects` names, resolved; relative names are from `objects`."""
    lines = os.fsdecode(_read_list(objects / "info" / "alternates")).split("\n")
    return [
        Path(os.path.realpath(objects / line))
        for line in lines[: MAX_STORES * 2]
        if line and not line.startswith("#") and "\0" not in line
    ]


def _read_list(path: Path) -> bytes:
    try:
        # Without O_NONBLOCK, a FIFO in its place would be waited for until somebody writes to it.
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC)
    except OSError:
        return b""
    try:
        facts = os.fstat(descriptor)
        if not stat.S_ISREG(facts.st_mode) or facts.st_size > MAX_LIST_BYTES:
            return b""
        return os.read(descriptor, MAX_LIST_BYTES)
    except OSError:
        return b""
    finally:
        os.close(descriptor)
