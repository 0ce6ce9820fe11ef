"""A stand-in for ripgrep: a program of its own, so that a regular expression that never ends can be killed.

Needs the standard library only. The current directory is searched, or standard input where the request says so. The request
is one JSON argument: {"pattern", "names", "stdin", "max_file_bytes", "max_line_bytes", "hidden"}; what stands at one of the
paths `hidden` (absolute, real) is passed over. Prints as `rg --null --line-number` does (`PATH NUL LINE:TEXT`), exits 0 with
matches, 1 without, 2 on error.

Whoever wrote the tree may be hostile, and may change it meanwhile. So it is walked by descriptors, no link is followed and
only regular files are read. And git is not asked what it ignores, for its configuration can name programs to run: the
patterns of `.gitignore` and `.git/info/exclude` are read here. A tracked file that matches one is left out, as by ripgrep.
"""

from __future__ import annotations

import json
import os
import re
import stat
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from fnmatch import fnmatchcase
from typing import Any

from trio_agent.tools.gitignore import Rules, ignored, parsed_rules

MAX_DEPTH = 200
"""Of directories in directories: each on the way to where we are holds a descriptor, and often there are 1,024."""

MAX_IGNORE_BYTES = 256 * 1024
"""Of one file of patterns. What is larger is none."""

_DIRECTORY = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
# A FIFO may have nobody at its other end, and a terminal must not become ours.
_FILE = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC


@contextmanager
def opened_directory(name: str, parent: int | None = None) -> Iterator[int | None]:
    """A descriptor of the directory `name`; None where it is none that can be read, or a link."""
    try:
        descriptor = os.open(name, _DIRECTORY, dir_fd=parent)
    except OSError:
        yield None
        return
    try:
        yield descriptor
    finally:
        os.close(descriptor)


def read_file(name: str, directory: int, max_bytes: int) -> bytes:
    """The contents of a regular file that is not too large; empty for everything else, and for what cannot be read."""
    try:
        descriptor = os.open(name, _FILE, dir_fd=directory)
    except OSError:
        return b""
    facts = os.fstat(descriptor)
    # First of all: `open` refuses a directory's descriptor, and leaves it open.
    if not stat.S_ISREG(facts.st_mode) or facts.st_size > max_bytes:
        os.close(descriptor)
        return b""
    with open(descriptor, "rb") as file:
        try:
            return file.read(max_bytes)
        except OSError:
            return b""


def is_repository(directory: int) -> bool:
    try:
        os.stat(".git", dir_fd=directory, follow_symlinks=False)
    except OSError:
        return False
    return True


def rules_of(directory: int, depth: int, *, repository: bool) -> tuple[Rules, ...]:
    """The patterns that `directory` brings, the weakest first. `depth` is that of its path."""
    texts = [read_file(".gitignore", directory, MAX_IGNORE_BYTES)]
    if repository:
        with opened_directory(".git", directory) as git:
            if git is not None:
                with opened_directory("info", git) as info:
                    if info is not None:
                        texts.insert(0, read_file("exclude", info, MAX_IGNORE_BYTES))
    return tuple(Rules(depth, parsed_rules(os.fsdecode(text))) for text in texts if text)


def rules_above(start: int, parts: Sequence[str]) -> tuple[Rules, ...] | None:
    """The patterns of the directories around `start`, whose path is `parts`, up to the repository's top; None where that
    is not found: nothing is ignored then."""
    collected: tuple[Rules, ...] = ()
    here = os.dup(start)
    try:
        for depth in range(len(parts), -1, -1):
            top = is_repository(here)
            if depth < len(parts):
                collected = rules_of(here, depth, repository=top) + collected
            if top:
                return collected
            above = os.open("..", _DIRECTORY, dir_fd=here)
            os.close(here)
            here = above
    finally:
        os.close(here)
    return None


def walked_files(
    directory: int,
    top: int,
    parts: tuple[str, ...],
    rules: tuple[Rules, ...] | None,
    hidden: frozenset[tuple[str, ...]] = frozenset(),
) -> Iterator[tuple[str, str, int]]:
    """What may be searched below `directory`, sorted: its path without the first `top` parts, its name, and its directory.

    `parts` is the path of `directory`, `rules` what holds there; None outside of a repository. `hidden` are paths, too.
    """
    if is_repository(directory):
        # A repository in another one knows its own patterns only.
        rules = rules_of(directory, len(parts), repository=True)
    elif rules is not None:
        rules += rules_of(directory, len(parts), repository=False)
    try:
        with os.scandir(directory) as entries:
            kinds = {
                entry.name: entry.is_dir(follow_symlinks=False)
                for entry in entries
                if not entry.is_symlink() and entry.name != ".git"
            }
    except OSError:
        return
    for name in sorted(kinds, key=os.fsencode):
        path = (*parts, name)
        if path in hidden:
            continue
        if rules and ignored(rules, path, is_directory=kinds[name]):
            continue
        if not kinds[name]:
            yield "/".join(path[top:]), name, directory
        elif len(path) - top <= MAX_DEPTH:
            with opened_directory(name, directory) as below:
                if below is not None:
                    yield from walked_files(below, top, path, rules, hidden)


def parts_of(path: str) -> tuple[str, ...]:
    return tuple(part for part in path.split("/") if part)


def contents(request: dict[str, Any]) -> Iterator[tuple[str, bytes]]:
    """The path and the bytes of all that is to be searched."""
    max_bytes = request["max_file_bytes"]
    if request["stdin"]:
        yield "<stdin>", sys.stdin.buffer.read(max_bytes)
        return
    with opened_directory(".") as directory:
        if directory is None:
            return
        parts = parts_of(os.getcwd())
        hidden = frozenset(map(parts_of, request["hidden"]))
        for path, name, parent in walked_files(directory, len(parts), parts, rules_above(directory, parts), hidden):
            if not request["names"] or any(fnmatchcase(name, glob) for glob in request["names"]):
                yield path, read_file(name, parent, max_bytes)


def matching_lines(pattern: re.Pattern[str], data: bytes) -> Iterator[tuple[int, bytes]]:
    if b"\0" in data:
        return
    for number, line in enumerate(data.split(b"\n"), start=1):
        if pattern.search(line.decode("utf-8", "replace").removesuffix("\r")):
            yield number, line


def main(request: dict[str, Any]) -> int:
    try:
        pattern = re.compile(request["pattern"])
    except (re.error, OverflowError, RecursionError) as exc:
        print(f"regular expression: {exc}")
        return 2
    found = False
    for path, data in contents(request):
        for number, line in matching_lines(pattern, data):
            found = True
            cut = line[: request["max_line_bytes"]]
            sys.stdout.buffer.write(b"%b\0%d:%b\n" % (os.fsencode(path), number, cut))
        # What was found counts even if the next file is where the expression never ends.
        sys.stdout.flush()
    return 0 if found else 1


if __name__ == "__main__":
    sys.exit(main(json.loads(sys.argv[1])))
