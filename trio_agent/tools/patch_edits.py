"""Edits of a text, all or none: found in the original, then applied together. Pure."""

from __future__ import annotations

import difflib
from collections.abc import Sequence
from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from trio_agent.core.errors import ToolError
from trio_agent.tools.unified_diff import Span

Operation = Literal["replace", "append_eof", "prepend_bof", "overwrite"]

MAX_HINT_LINES = 12
"""Of the file, shown where `oldText` was not found: enough to see a wrong indent, too little to fill a conversation."""

MAX_HINT_LINE_CHARS = 500

MAX_COMPARED_CHARS = 200_000
"""Of file and `oldText`. For a larger file, no hint is looked for."""

COMPARED_LINE_CHARS = 100
"""Of each line. difflib is quadratic, and worse, in these; so the hint takes some seconds at the very worst."""


class Edit(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One edit of the file."""

    operation: Annotated[
        Operation,
        Meta(
            description="replace: oldText, which must occur exactly once, by newText. append_eof, prepend_bof: add newText at "
            "the end or the beginning. overwrite: newText is the whole file."
        ),
    ]
    newText: Annotated[str, Meta(description="The text to put there.")]
    oldText: Annotated[str, Meta(description="For replace: the exact text to find, with its whitespace.")] = ""


def find_edits(original: str, edits: Sequence[Edit]) -> list[Span]:
    """What `edits` do to `original`, sorted, without overlaps.

    Each is found in the original, so their order tells only how additions follow each other. Raises ToolError, naming the edit
    by its number from 1, where one cannot be applied or two contradict each other.
    """
    overwrites = [edit for edit in edits if edit.operation == "overwrite"]
    if overwrites and len(edits) > 1:
        raise ToolError("overwrite replaces the whole file and cannot be combined with other patches")
    if overwrites:
        return [(0, len(original), overwrites[0].newText)]
    prepended = [(0, 0, edit.newText) for edit in edits if edit.operation == "prepend_bof"]
    appended = [(len(original), len(original), edit.newText) for edit in edits if edit.operation == "append_eof"]
    return [*prepended, *_replacements(original, edits), *appended]


def _replacements(original: str, edits: Sequence[Edit]) -> list[Span]:
    places = sorted(
        (_place(original, edit.oldText, number), number, edit)
        for number, edit in enumerate(edits, start=1)
        if edit.operation == "replace"
    )
    spans: list[Span] = []
    end = previous = 0
    for start, number, edit in places:
        if start < end:
            raise ToolError(f"patches {previous} and {number} overlap; join them into one. Nothing was changed")
        end, previous = start + len(edit.oldText), number
        spans.append((start, end, edit.newText))
    return spans


def _place(original: str, old: str, number: int) -> int:
    """Where `old` stands in `original`, the one time it does."""
    if not old:
        raise ToolError(f"patch {number}: replace needs oldText. Nothing was changed")
    first = original.find(old)
    if first < 0:
        raise ToolError(f"patch {number}: oldText was not found. Nothing was changed.{_nearest(original, old)}")
    lines: list[int] = []
    place = first
    # From the next character, not the next word: "aa" stands in "aaa" twice, and either could be meant.
    while place >= 0 and len(lines) < MAX_HINT_LINES:
        lines.append(original.count("\n", 0, place) + 1)
        place = original.find(old, place + 1)
    if len(lines) > 1:
        where = ", ".join(map(str, lines)) + (", …" if place >= 0 else "")
        raise ToolError(
            f"patch {number}: oldText is not unique, it begins at lines {where}. "
            "Give more of the text around it. Nothing was changed"
        )
    return first


def _nearest(original: str, old: str) -> str:
    """What in the file looks most like `old`, to be quoted; empty where nothing does, or the file is too large to look."""
    if "\r\n" in original and "\r\n" not in old and old.replace("\n", "\r\n") in original:
        return " It would be with CRLF line endings, which this file has."
    if len(original) + len(old) > MAX_COMPARED_CHARS:
        return ""
    lines, wanted = original.splitlines(), old.splitlines()
    # Blank lines and braces are everywhere: the longest line says best where the text was meant to be.
    anchor = max(range(len(wanted)), key=lambda i: len(wanted[i].strip()))
    begins = [_beginning(line) for line in lines]
    close = difflib.get_close_matches(_beginning(wanted[anchor]), dict.fromkeys(begins), n=1, cutoff=0.5)
    if not close:
        return " No line of the file is like it; read the file again."
    start = max(0, begins.index(close[0]) - anchor)
    quoted = lines[start : start + min(len(wanted), MAX_HINT_LINES)]
    numbered = "\n".join(f"{start + i + 1}: {line[:MAX_HINT_LINE_CHARS]}" for i, line in enumerate(quoted))
    return f" The most similar text in the file (line numbers are not part of it):\n{numbered}"


def _beginning(line: str) -> str:
    return line.strip()[:COMPARED_LINE_CHARS]
