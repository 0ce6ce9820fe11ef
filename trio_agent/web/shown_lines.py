"""The lines of a file, and of what changed in it, as a page shows them: redacted, made visible, coloured."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Literal

from trio_agent.core.redaction import Redactor
from trio_agent.seams import FileContent, FilePatch, PatchLine
from trio_agent.web.colours import Spans, coloured
from trio_agent.web.file_answers import ChangedLines, FileLines, Line, quoted, told
from trio_agent.web.visible import visible, visible_line

LINES_AT_ONCE = 1000
SNIFFED_BYTES = 8000  # by a NUL in so many bytes git, too, knows a binary file


def changed_lines(patch: FilePatch, redactor: Redactor, start: int, context: int) -> ChangedLines:
    """May take seconds. Both sides are coloured as the texts they are, and not line by line: a string may span many."""
    crlf = _is_crlf([line.text for line in patch.lines if line.ended])
    old = _side(patch, "removed", crlf, redactor)
    new = _side(patch, "added", crlf, redactor)
    shown = list(_near(patch.lines, context))
    return ChangedLines(
        file=told(patch.change, redactor),
        start=start,
        count=len(shown),
        lines=[
            Line(
                kind=line.kind,
                old=line.old,
                new=line.new,
                spans=old[line.old] if line.kind == "removed" else new[line.new],
                ended=line.ended,
            )
            for line in shown[start : start + LINES_AT_ONCE]
        ],
        whole=patch.whole,
        cut=patch.cut,
    )


def file_lines(path: str, content: FileContent, redactor: Redactor, start: int) -> FileLines:
    """May take seconds."""
    binary = is_binary(content.data)
    text = "" if binary else text_of(content)
    lines = text.removesuffix("\n").split("\n") if text else []
    crlf = _is_crlf(lines if text.endswith("\n") else lines[:-1])
    spans = coloured(_name(path), _readable(lines, crlf, redactor))
    return FileLines(
        path=redactor.redact(visible(path)),
        quoted=quoted(path),
        size=content.size,
        binary=binary,
        start=start,
        count=len(lines),
        lines=spans[start : start + LINES_AT_ONCE],
        cut=not binary and content.size > len(content.data),
    )


def is_binary(data: bytes) -> bool:
    return b"\0" in data[:SNIFFED_BYTES]


def text_of(content: FileContent) -> str:
    return content.data.decode("utf-8", "replace")


def _side(patch: FilePatch, kind: Literal["added", "removed"], crlf: bool, redactor: Redactor) -> dict[int, Spans]:
    """The lines of one side by their numbers."""
    lines = [line for line in patch.lines if line.kind in (kind, "same")]
    spans = coloured(_name(patch.change.path), _readable([line.text for line in lines], crlf, redactor))
    return {line.new if kind == "added" else line.old: each for line, each in zip(lines, spans, strict=True)}


def _is_crlf(lines: Sequence[str]) -> bool:
    """Whether every line ends with CR: then that is how the file is written, and shown it would tell nothing."""
    return bool(lines) and all(line.endswith("\r") for line in lines)


def _readable(lines: Sequence[str], crlf: bool, redactor: Redactor) -> list[str]:
    plain_ends = [line.removesuffix("\r") for line in lines] if crlf else lines
    return [visible_line(line) for line in redactor.redact_lines(plain_ends)]


def _near(lines: Sequence[PatchLine], context: int) -> Iterator[PatchLine]:
    """Those that changed, and `context` lines before and after each."""
    until = -1
    nexts = _next_changes(lines)
    for at, line in enumerate(lines):
        if line.kind != "same":
            until = at + context
        if at <= until or nexts[at] - at <= context:
            yield line


def _next_changes(lines: Sequence[PatchLine]) -> list[int]:
    """By line, the place of the first change at it or after it; beyond all where there is none."""
    beyond = len(lines) * 2 + 1_000_000
    places = [beyond] * len(lines)
    for at in range(len(lines) - 1, -1, -1):
        beyond = at if lines[at].kind != "same" else beyond
        places[at] = beyond
    return places


def _name(path: str) -> str:
    """What tells the language: the last part of the path."""
    return path.rpartition("/")[2]
