"""A stand-in for ripgrep: a program of its own, so that a regular expression that never ends can be killed.

Runs alone (`python -I`), with the standard library only. The current directory is searched, or standard input where the
request says so. The request is one JSON argument: {"pattern", "names", "stdin", "max_file_bytes", "max_line_bytes"}.
Prints as `rg --null --line-number` does (`PATH NUL LINE:TEXT`), exits 0 with matches, 1 without, 2 on error.
"""

from __future__ import annotations

import json
import os
import re
import stat
import subprocess
import sys
from collections.abc import Iterator
from fnmatch import fnmatchcase
from typing import Any

# Plain git runs programs that the repository's config names (fsmonitor); and it must not write its index here.
GIT_LS_FILES = [
    *("git", "-c", "core.fsmonitor=false", "-c", "core.hooksPath=/dev/null", "-c", "protocol.ext.allow=never"),
    *("ls-files", "-z", "--cached", "--others", "--exclude-standard"),
]


def listed_files() -> list[bytes]:
    """The files below the current directory that git does not ignore; where there is no repository, all of them."""
    environment = {**os.environ, "GIT_OPTIONAL_LOCKS": "0"}
    try:
        listed = subprocess.run(GIT_LS_FILES, env=environment, stdin=subprocess.DEVNULL, capture_output=True)
    except OSError:  # no git on this machine
        return list(walked_files())
    if listed.returncode:
        return list(walked_files())
    # A file in conflict is listed once for each of its sides.
    return list(dict.fromkeys(name for name in listed.stdout.split(b"\0") if name))


def walked_files() -> Iterator[bytes]:
    for directory, directories, names in os.walk(b"."):
        if b".git" in directories:
            directories.remove(b".git")
        for name in names:
            yield os.path.normpath(os.path.join(directory, name))


def read_file(path: bytes, max_bytes: int) -> bytes:
    """The contents of a regular file that is not too large; empty for everything else, and for what cannot be read."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError:
        return b""
    facts = os.fstat(descriptor)
    if not stat.S_ISREG(facts.st_mode) or facts.st_size > max_bytes:
        os.close(descriptor)
        return b""
    with open(descriptor, "rb") as file:
        return file.read(max_bytes)


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
    sources: list[tuple[bytes, bytes | None]]
    if request["stdin"]:
        sources = [(b"<stdin>", sys.stdin.buffer.read(request["max_file_bytes"]))]
    else:
        sources = [(path, None) for path in sorted(listed_files(), key=lambda path: path.split(b"/"))]
    found = False
    for path, given in sources:
        name = os.fsdecode(os.path.basename(path))
        if request["names"] and not any(fnmatchcase(name, glob) for glob in request["names"]):
            continue
        data = read_file(path, request["max_file_bytes"]) if given is None else given
        for number, line in matching_lines(pattern, data):
            found = True
            sys.stdout.buffer.write(b"%b\0%d:%b\n" % (path, number, line[: request["max_line_bytes"]]))
        # What was found counts even if the next file is where the expression never ends.
        sys.stdout.flush()
    return 0 if found else 1


if __name__ == "__main__":
    sys.exit(main(json.loads(sys.argv[1])))
