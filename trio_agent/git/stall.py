"""What git waits for in vain: a FIFO in the place of a file that it reads.

What runs in a workspace can make one in a moment. git opens it, and waits until somebody writes to it, which nobody does. To
look for FIFOs before git runs would cost as much as git, and one could be made just after. So git is watched: where it has not
ended after LOOK_S, FIFOs are looked for where it reads, and one that somebody waits for ends it.

That it is waited for is asked of the system: to open a FIFO for writing, without waiting, succeeds only then (fifo(7)). git
itself is freed by it, and is ended before it goes on; a FIFO that only lies there is no reason to end a git that is just slow.
"""

from __future__ import annotations

import errno
import os
import stat
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

import trio

from trio_agent.git.alternates import borrowed_stores

LOOK_S = 1.0
"""How long git runs before it is looked after, and between two looks: most commands take less, and 50,000 files 0.1 s."""

SLICE = 200
"""Folders that are looked at in one go: between two, it is seen whether git has ended meanwhile."""

READ_IN_STORES = ("info", "pack", *(f"{number:02x}" for number in range(256)))
"""Of stores that are borrowed from, which may be any folder by name. Source: gitrepository-layout(5)."""

READ_IN_WORK_TREE = frozenset({".gitignore", ".gitattributes"})
"""Not through a link, so one in their place is never waited for. Our commands ask for no `.gitmodules` and no `.mailmap`."""


@dataclass(frozen=True, slots=True)
class Places:
    """Where a git reads: all of its `git_dir` and what that borrows, and some names in its `work_tree`; None for none."""

    git_dir: Path | None
    work_tree: Path | None


async def wait_stalled(process: trio.Process, places: Places) -> Path | None:
    """Wait until `process` waits for a FIFO in `places`, and return that; None once it has ended."""
    while True:
        with trio.move_on_after(LOOK_S):
            await process.wait()
            return None
        search = waited_for(places)
        while process.returncode is None and (slice := await trio.to_thread.run_sync(_next, search)):
            if found := next(filter(None, slice), None):
                return found


def _next(search: Iterator[Path | None]) -> list[Path | None]:
    return list(islice(search, SLICE))


def waited_for(places: Places) -> Iterator[Path | None]:
    """FIFOs that are waited for, and a None after each folder. No link to a folder is followed."""
    folders = deque((str(path), True) for path in _git_dirs(places))
    if places.work_tree is not None:
        folders.append((str(places.work_tree), False))
    while folders:
        folder, is_gits = folders.popleft()
        try:
            with os.scandir(folder) as found:
                entries = list(found)
        except OSError:
            continue  # not ours to read, or gone by now
        for entry in entries:
            if entry.is_dir(follow_symlinks=False):
                # git asks a repository within the work tree, too, which commit it is at.
                folders.append((entry.path, is_gits or entry.name == ".git"))
            elif (is_gits or entry.name in READ_IN_WORK_TREE) and _is_waited_for(entry, may_link=is_gits):
                yield Path(entry.path)
        yield None


def _git_dirs(places: Places) -> list[Path]:
    if places.git_dir is None:
        return []
    found = [places.git_dir]
    if places.git_dir.parent.name == "worktrees":
        # That of a linked work tree; refs, config and objects are in the common one (gitrepository-layout(5)).
        found.append(places.git_dir.parent.parent)
    stores = borrowed_stores(found[-1] / "objects")
    return found + [store / name for store in stores for name in READ_IN_STORES]


def _is_waited_for(entry: os.DirEntry[str], *, may_link: bool) -> bool:
    try:
        if entry.is_file(follow_symlinks=False):
            return False
        if entry.is_symlink():
            # Not opened: it may lead anywhere.
            return may_link and stat.S_ISFIFO(entry.stat().st_mode)
        if not stat.S_ISFIFO(entry.stat(follow_symlinks=False).st_mode):
            return False
        os.close(os.open(entry.path, os.O_WRONLY | os.O_NONBLOCK | os.O_NOFOLLOW | os.O_CLOEXEC))
    except OSError as exc:
        # ENXIO: nobody waits. Where we may not even ask, it was made to be waited for.
        return exc.errno == errno.EACCES
    return True
