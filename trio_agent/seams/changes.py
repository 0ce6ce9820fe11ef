"""What changed in a workspace, file by file. Part of the seams."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Literal

import msgspec

from trio_agent.core.message import Commit

ChangeStatus = Literal["added", "copied", "deleted", "modified", "renamed", "retyped"]
"""What became of a file; `retyped` where it was a link, say, and is a plain file now."""


class FileChange(msgspec.Struct, frozen=True, kw_only=True):
    """A file that differs. Paths are those of the repository; bytes that are no UTF-8 stand in them as by `os.fsdecode`.

    `old_path` is where a renamed or copied file was, empty for all others. Modes are git's, in octal, empty where there was
    or is no file. Binary files have sizes in bytes and no lines. `version` changes when the content does.
    """

    path: str
    old_path: str = ""
    status: ChangeStatus
    old_mode: str = ""
    new_mode: str = ""
    added: int = 0
    removed: int = 0
    binary: bool = False
    old_bytes: int = 0
    new_bytes: int = 0
    version: str = ""


class Changes(msgspec.Struct, frozen=True, kw_only=True):
    """All that differs: `files`, and `more` of which nothing is told but that their lines count in `added` and `removed`.

    `commits` are those since the base, newest first, whatever is compared.
    """

    files: tuple[FileChange, ...] = ()
    more: int = 0
    added: int = 0
    removed: int = 0
    commits: tuple[Commit, ...] = ()


class PatchLine(msgspec.Struct, frozen=True, kw_only=True):
    """A line of a patch, without its LF. `old` and `new` are its numbers, 0 where it has none; not `ended`: no LF follows."""

    kind: Literal["same", "added", "removed"]
    text: str
    old: int = 0
    new: int = 0
    ended: bool = True


class FilePatch(msgspec.Struct, frozen=True, kw_only=True):
    """The lines of one file that changed, and those around them: all of the file where it is `whole`. `cut`: more follow."""

    change: FileChange
    lines: tuple[PatchLine, ...]
    whole: bool = False
    cut: bool = False


class FileContent(msgspec.Struct, frozen=True, kw_only=True):
    """The first bytes of a file, and how many it has in all."""

    data: bytes
    size: int


ReadFileIn = Callable[[Path, str], Awaitable[FileContent]]
"""Reads a file of a workspace by its path, under the rules that hold for tools. Raises NotFound for whatever is not shown."""
