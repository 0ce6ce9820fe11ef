"""What clients are answered of files and their changes. Lines are made in `shown_lines.py`.

Everything is redacted and made visible before it is told. A path is told twice: as people read it, and percent-encoded byte by
byte, as a query takes it; a file's name may be any bytes.
"""

from __future__ import annotations

import os
from typing import Literal
from urllib.parse import quote

import msgspec

from trio_agent.core.redaction import Redactor
from trio_agent.seams import Changes, ChangeStatus, FileChange
from trio_agent.web.colours import Spans
from trio_agent.web.visible import visible


class ChangedFile(msgspec.Struct, frozen=True, kw_only=True):
    """A file that differs. `quoted` is what `path=` takes; the old ones are empty but for a renamed or copied file."""

    path: str
    quoted: str
    old_path: str
    old_quoted: str
    status: ChangeStatus
    old_mode: str
    new_mode: str
    added: int
    removed: int
    binary: bool
    old_bytes: int
    new_bytes: int
    version: str


class ChangedBy(msgspec.Struct, frozen=True, kw_only=True):
    """A commit since the start."""

    hash: str
    subject: str


class Changed(msgspec.Struct, frozen=True, kw_only=True):
    """`GET /changes`. `commits` are those since the start, newest first, whichever is asked for.

    `more` files differ beyond those that are told; their lines are counted in `added` and `removed`.
    """

    files: tuple[ChangedFile, ...]
    more: int
    added: int
    removed: int
    commits: tuple[ChangedBy, ...]


class Line(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A line: its numbers before and after (0: none), its text in spans. Not `ended`: the file ends here without a LF."""

    kind: Literal["same", "added", "removed"] = "same"
    old: int = 0
    new: int = 0
    spans: Spans = []
    ended: bool = True


class ChangedLines(msgspec.Struct, frozen=True, kw_only=True):
    """`GET /changes/lines`: of `count` lines that there are to show, those from `start` on.

    Where the numbers jump, lines that did not change were left out; `whole` says that `context=` can bring them all. `cut`:
    the change is larger than is ever told.
    """

    file: ChangedFile
    start: int
    count: int
    lines: list[Line]
    whole: bool
    cut: bool


class FileNames(msgspec.Struct, frozen=True, kw_only=True):
    """`GET /files`: names of files, the likeliest first; `more` were left out."""

    names: list[str]
    more: int


class FileLines(msgspec.Struct, frozen=True, kw_only=True):
    """`GET /files/lines`: of the `count` lines of a file of `size` bytes, those from `start` on (from 0). None of a binary."""

    path: str
    quoted: str
    size: int
    binary: bool
    start: int
    count: int
    lines: list[Spans]
    cut: bool


def quoted(path: str) -> str:
    return quote(os.fsencode(path), safe="/") if path else ""


def told(change: FileChange, redactor: Redactor) -> ChangedFile:
    return ChangedFile(
        path=redactor.redact(visible(change.path)),
        quoted=quoted(change.path),
        old_path=redactor.redact(visible(change.old_path)),
        old_quoted=quoted(change.old_path),
        status=change.status,
        old_mode=change.old_mode,
        new_mode=change.new_mode,
        added=change.added,
        removed=change.removed,
        binary=change.binary,
        old_bytes=change.old_bytes,
        new_bytes=change.new_bytes,
        version=change.version,
    )


def changed(changes: Changes, redactor: Redactor) -> Changed:
    files = tuple(told(each, redactor) for each in changes.files)
    commits = tuple(
        ChangedBy(hash=each.hash, subject=redactor.redact(visible(each.subject))) for each in changes.commits
    )
    return Changed(files=files, more=changes.more, added=changes.added, removed=changes.removed, commits=commits)
