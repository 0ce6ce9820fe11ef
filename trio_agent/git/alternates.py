"""The object stores that a repository borrows from, and those that these borrow from: what git reads beside its own.

Source: gitrepository-layout(5), objects/info/alternates; paths are quoted as by git-config(1), core.quotePath. The lists of a
clone are written by what runs there: one may name anything, itself, or be quoted where it need not be.
"""

from __future__ import annotations

import os
import re
from pathlib import Path

from trio_agent.core.errors import RepositoryError
from trio_agent.git.plain_file import read_plain

MAX_DEPTH = 6
"""Lists that name stores with lists of their own: git follows a list of its own and five more."""

MAX_STORES = 64
MAX_LIST_BYTES = 64 * 1024

_ESCAPE = re.compile(rb"\\([0-3][0-7]{2}|.)", re.DOTALL)
_CONTROLS = dict(zip(b"abfnrtv", b"\a\b\f\n\r\t\v", strict=True))


def borrowed_stores(objects: Path) -> list[Path]:
    """What is borrowed by the store `objects`, nearest first. A list that is no plain file names nothing."""
    found: dict[Path, None] = {}
    level = [objects]
    for _ in range(MAX_DEPTH):
        named = [each for store in level for each in _listed(store)]
        level = [each for each in dict.fromkeys(named) if each not in found][: MAX_STORES - len(found)]
        found.update(dict.fromkeys(level))
    return list(found)


def _listed(objects: Path) -> list[Path]:
    try:
        lines = read_plain(objects / "info" / "alternates", MAX_LIST_BYTES).split(b"\n")
    except RepositoryError:
        return []
    names = [_unquoted(line) for line in lines if line and not line.startswith(b"#")]
    return [Path(os.path.normpath(objects / os.fsdecode(name))) for name in names if b"\0" not in name]


def _unquoted(line: bytes) -> bytes:
    if not (line.startswith(b'"') and line.endswith(b'"') and len(line) > 1):
        return line
    return _ESCAPE.sub(_meant, line[1:-1])


def _meant(escape: re.Match[bytes]) -> bytes:
    escaped = escape[1]
    return bytes([int(escaped, 8) if len(escaped) == 3 else _CONTROLS.get(escaped[0], escaped[0])])
