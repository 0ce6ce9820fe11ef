"""Which files differ, and the lines of one of them: git's own answers, read by their grammar.

Names come with `-z`, as bytes that nothing was done to. A patch has no such form: there git quotes names, and puts a tab after
one that holds a space. Sources: git-diff-index(1), "raw output format"; gitformat "diff generate patch text"; quote.c.
"""

from __future__ import annotations

import hashlib
import os
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import msgspec
import trio

from trio_agent.git.command import Git
from trio_agent.seams import Changes, ChangeStatus, FileChange, PatchLine

MAX_FILES = 2000
"""Files that are told of one by one. Of the rest only the lines are counted."""

NO_MODE = "000000"

_STATUS: dict[str, ChangeStatus] = {
    "A": "added",
    "C": "copied",
    "D": "deleted",
    "M": "modified",
    "R": "renamed",
    "T": "retyped",
}
_HUNK = re.compile(rb"@@ -(\d+)(?:,\d+)? \+(\d+)(?:,\d+)? @@")
_ESCAPE = re.compile(rb"\\([0-7]{3}|.)", re.DOTALL)
_ESCAPED = dict(zip(b"abfnrtv", b"\a\b\f\n\r\t\v", strict=True))


@dataclass(frozen=True, slots=True)
class Sides:
    """Two states of the files: `git COMMAND OPTIONS TREES` compares them. `work_tree` is None where both are commits."""

    git: Git
    command: tuple[str, ...]
    trees: tuple[str, ...]
    work_tree: Path | None = None

    async def compare(
        self, *options: str, paths: Sequence[str] = (), max_bytes: int | None = None
    ) -> tuple[bytes, bool]:
        """What git says of `paths` (none: of all), and whether that was cut at `max_bytes`."""
        arguments = (*self.command, *options, *self.trees, "--", *paths)
        if max_bytes is None:
            return (await self.git.run(*arguments)).stdout, False
        output = await self.git.run(*arguments, max_output_bytes=max_bytes, may_cut=True)
        return output.stdout, output.cut


@dataclass(frozen=True, slots=True)
class _Raw:
    """One record of the raw format. Object names are all zeros for a file that only the work tree has so."""

    old_mode: str
    new_mode: str
    old_object: str
    new_object: str
    status: str
    old_path: bytes
    path: bytes


async def changed_files(sides: Sides, paths: Sequence[str] = (), options: Sequence[str] = ()) -> Changes:
    """The files of `paths` (none: all) that differ, in git's order, MAX_FILES at most."""
    output, _ = await sides.compare("--raw", "--numstat", "-z", "--abbrev=64", "-M", *options, paths=paths)
    records, counts = _parse(output)
    shown = records[:MAX_FILES]
    binaries = {raw.path for raw in shown if counts.get(raw.path, (0, 0)) is None}
    both = ((raw.old_object, raw.new_object) for raw in shown if raw.path in binaries)
    objects = {name for pair in both for name in pair if name.strip("0")}
    sizes = await _sizes(sides.git, sorted(objects))
    facts = await trio.to_thread.run_sync(_look_at, sides.work_tree, shown)
    files = []
    for raw, (stamp, size) in zip(shown, facts, strict=True):
        count = counts.get(raw.path)
        binary = raw.path in binaries
        # Where the files are looked at, git has no name for what it was not given yet: a commit would seem to change them.
        known = raw if sides.work_tree is None else replace(raw, new_object="")
        files.append(
            FileChange(
                path=os.fsdecode(raw.path),
                old_path=os.fsdecode(raw.old_path) if raw.old_path != raw.path else "",
                status=_STATUS.get(raw.status, "modified"),
                old_mode=raw.old_mode.removeprefix(NO_MODE),
                new_mode=raw.new_mode.removeprefix(NO_MODE),
                added=count[0] if count else 0,
                removed=count[1] if count else 0,
                binary=binary,
                old_bytes=sizes.get(raw.old_object, 0) if binary else 0,
                new_bytes=sizes.get(raw.new_object, size) if binary else 0,
                version=hashlib.sha256(f"{known} {stamp} {count}".encode()).hexdigest()[:16],
            )
        )
    told = [count for count in counts.values() if count]
    return Changes(
        files=tuple(files),
        more=len(records) - len(shown),
        added=sum(added for added, _ in told),
        removed=sum(removed for _, removed in told),
    )


def _parse(output: bytes) -> tuple[list[_Raw], dict[bytes, tuple[int, int] | None]]:
    """The raw records, and lines added and removed by (new) path: None for binary files. First all of one, then the other."""
    fields = iter(output.split(b"\0"))
    records: list[_Raw] = []
    counts: dict[bytes, tuple[int, int] | None] = {}
    for field in fields:
        if field.startswith(b":"):
            old_mode, new_mode, old_object, new_object, status = field[1:].decode("ascii").split(" ")
            old_path = path = next(fields)
            if status[0] in "RC":
                path = next(fields)
            records.append(_Raw(old_mode, new_mode, old_object, new_object, status[0], old_path, path))
        elif field:
            added, removed, path = field.split(b"\t", 2)
            if not path:
                # Of a rename both names follow; the later one counts.
                next(fields)
                path = next(fields)
            counts[path] = None if added == b"-" else (int(added), int(removed))
    return records, counts


async def _sizes(git: Git, objects: Sequence[str]) -> dict[str, int]:
    """Sizes of blobs in bytes; what is not there, or a commit of a submodule's, is left out."""
    if not objects:
        return {}
    asked = "".join(f"{name}\n" for name in objects).encode("ascii")
    answer = await git.run("cat-file", "--batch-check=%(objectname) %(objectsize)", stdin=asked)
    pairs = (line.split(" ") for line in answer.text.splitlines())
    return {name: int(size) for name, size in pairs if size.isdigit()}


def _look_at(work_tree: Path | None, records: Sequence[_Raw]) -> list[tuple[str, int]]:
    """By record, what tells one content of a file from a later one, and its size in bytes. Follows no link."""
    if work_tree is None:
        return [("", 0)] * len(records)
    found = []
    for raw in records:
        try:
            facts = os.lstat(os.fsencode(work_tree) + b"/" + raw.path)
        except OSError:
            found.append(("", 0))
        else:
            found.append((f"{facts.st_mtime_ns} {facts.st_size} {facts.st_ino}", facts.st_size))
    return found


def patch_lines(patch: bytes, change: FileChange) -> tuple[PatchLine, ...]:
    """The lines of `change` in `patch`, which may tell of other files too: those of a folder in its place, say. Blocks."""
    old, new = os.fsencode(change.old_path or change.path), os.fsencode(change.path)
    wanted = {b"a/" + old, b"b/" + new, b"/dev/null"}
    lines: list[PatchLine] = []
    for section in _sections(patch.split(b"\n")):
        at = next((number for number, line in enumerate(section) if line.startswith(b"@@ ")), len(section))
        names = {_name(line[4:]) for line in section[:at] if line.startswith((b"--- ", b"+++ "))}
        if names <= wanted:
            lines += _hunks(section[at:])
    return tuple(lines)


def _sections(lines: Sequence[bytes]) -> Iterator[list[bytes]]:
    """One a file. Every line of a hunk begins with a mark, so none can look like a header."""
    section: list[bytes] = []
    for line in lines:
        if line.startswith(b"diff --git "):
            yield section
            section = []
        section.append(line)
    yield section


def _name(field: bytes) -> bytes:
    """A name as it stands in a header, without git's quotes, and without the tab after a name that holds a space."""
    field = field.removesuffix(b"\t")
    if not field.startswith(b'"'):
        return field
    return _ESCAPE.sub(lambda match: bytes([_escaped(match[1])]), field[1:-1])


def _escaped(code: bytes) -> int:
    return int(code, 8) if len(code) == 3 else _ESCAPED.get(code[0], code[0])


def _hunks(lines: Sequence[bytes]) -> Iterator[PatchLine]:
    old = new = 0
    ready: PatchLine | None = None
    for line in lines:
        if line.startswith(b"\\"):
            # "\ No newline at end of file", said of the line before.
            ready = msgspec.structs.replace(ready, ended=False) if ready else None
            continue
        if ready:
            yield ready
        ready = None
        text = line[1:].decode("utf-8", "replace")
        if start := _HUNK.match(line):
            old, new = int(start[1]), int(start[2])
        elif line.startswith(b"+"):
            ready, new = PatchLine(kind="added", new=new, text=text), new + 1
        elif line.startswith(b"-"):
            ready, old = PatchLine(kind="removed", old=old, text=text), old + 1
        elif line.startswith(b" "):
            ready, old, new = PatchLine(kind="same", old=old, new=new, text=text), old + 1, new + 1
    if ready:
        yield ready
