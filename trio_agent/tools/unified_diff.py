"""A change as a unified diff in git's form, in time that grows with the text only. Pure.

difflib is quadratic, and worse, in the lines it compares. So only what was replaced is compared, not what stands around it,
and of that no more than COMPARED_LINES in all: beyond, the old lines are shown as removed and the new ones as added.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Iterator, Sequence

COMPARED_LINES = 2000
"""Old and new together, of one diff: milliseconds, and at the very worst some seconds."""

CONTEXT_LINES = 3

Span = tuple[int, int, str]
"""Characters [start:end) of the old text, and what is there now."""

_Change = tuple[int, int, int, int]
"""Lines [i1:i2) of the old text, and lines [j1:j2) of the new that stand in their place."""


def apply_spans(old: str, spans: Sequence[Span]) -> str:
    """`old` after `spans`, which are sorted and do not overlap."""
    parts: list[str] = []
    at = 0
    for start, end, text in spans:
        parts += [old[at:start], text]
        at = end
    return "".join([*parts, old[at:]])


def unified_diff(old: str, spans: Sequence[Span], from_name: str, to_name: str) -> str:
    """The diff between `old` and `apply_spans(old, spans)`; empty where they are the same."""
    new = apply_spans(old, spans)
    old_lines, new_lines = _lines(old), _lines(new)
    changes = list(_narrowed(_changed_lines(old, new, spans), old_lines, new_lines))
    hunks = "".join(_hunk(group, old_lines, new_lines) for group in _groups(changes))
    return f"--- {from_name}\n+++ {to_name}\n{hunks}" if hunks else ""


def _lines(text: str) -> list[str]:
    # Only "\n" ends a line in a diff: splitlines would break at a form feed or U+2028 too.
    lines = text.split("\n")
    return [f"{line}\n" for line in lines[:-1]] + lines[-1:] * bool(lines[-1])


def _changed_lines(old: str, new: str, spans: Sequence[Span]) -> Iterator[_Change]:
    """The whole lines that `spans` touch."""
    # Characters [start:end) of whole lines in the old text, and how much longer they have become.
    blocks: list[tuple[int, int, int]] = []
    for start, end, text in spans:
        begin = old.rfind("\n", 0, start) + 1
        line_end = old.find("\n", end) + 1 or len(old)
        longer = len(text) - (end - start)
        if blocks and begin <= blocks[-1][1]:
            begin, longer = blocks[-1][0], longer + blocks[-1][2]
            blocks.pop()
        blocks.append((begin, line_end, longer))
    at = shift = i = j = 0
    for begin, line_end, longer in blocks:
        same = old.count("\n", at, begin)
        i1, j1 = i + same, j + same
        i = i1 + _count_lines(old, begin, line_end)
        j = j1 + _count_lines(new, begin + shift, line_end + shift + longer)
        yield i1, i, j1, j
        at, shift = line_end, shift + longer


def _count_lines(text: str, start: int, end: int) -> int:
    return text.count("\n", start, end) + (end > start and text[end - 1] != "\n")


def _narrowed(changes: Iterable[_Change], old: Sequence[str], new: Sequence[str]) -> Iterator[_Change]:
    """The same changes without what is equal in them, as far as COMPARED_LINES go."""
    left = COMPARED_LINES
    for i1, i2, j1, j2 in changes:
        while i1 < i2 and j1 < j2 and old[i1] == new[j1]:
            i1, j1 = i1 + 1, j1 + 1
        while i1 < i2 and j1 < j2 and old[i2 - 1] == new[j2 - 1]:
            i2, j2 = i2 - 1, j2 - 1
        size = (i2 - i1) + (j2 - j1)
        if not size:
            continue
        if i1 == i2 or j1 == j2 or size > left:
            yield i1, i2, j1, j2
            continue
        left -= size
        matcher = difflib.SequenceMatcher(None, old[i1:i2], new[j1:j2])
        for tag, a1, a2, b1, b2 in matcher.get_opcodes():
            if tag != "equal":
                yield i1 + a1, i1 + a2, j1 + b1, j1 + b2


def _groups(changes: Sequence[_Change]) -> Iterator[list[_Change]]:
    """Changes so near to each other that they share a hunk."""
    group: list[_Change] = []
    for change in changes:
        if group and change[0] - group[-1][1] > 2 * CONTEXT_LINES:
            yield group
            group = []
        group.append(change)
    if group:
        yield group


def _hunk(group: Sequence[_Change], old: Sequence[str], new: Sequence[str]) -> str:
    before = min(CONTEXT_LINES, group[0][0])
    begin, end = group[0][0] - before, min(len(old), group[-1][1] + CONTEXT_LINES)
    new_begin, new_end = group[0][2] - before, group[-1][3] + end - group[-1][1]
    parts = [f"@@ -{_range(begin, end)} +{_range(new_begin, new_end)} @@\n"]
    at = begin
    for i1, i2, j1, j2 in group:
        parts += [_line(" ", each) for each in old[at:i1]]
        parts += [_line("-", each) for each in old[i1:i2]]
        parts += [_line("+", each) for each in new[j1:j2]]
        at = i2
    return "".join(parts + [_line(" ", each) for each in old[at:end]])


def _range(begin: int, end: int) -> str:
    if end - begin == 1:
        return str(end)
    # Of no lines, the number is that of the line before.
    return f"{begin + (end > begin)},{end - begin}"


def _line(sign: str, line: str) -> str:
    return f"{sign}{line}" if line.endswith("\n") else f"{sign}{line}\n\\ No newline at end of file\n"
