from __future__ import annotations

import random
from collections.abc import Sequence
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trio_agent.core.errors import ToolError
from trio_agent.tools.patch_edits import (
    COMPARED_LINE_CHARS,
    MAX_COMPARED_CHARS,
    MAX_HINT_LINE_CHARS,
    MAX_HINT_LINES,
    Edit,
    find_edits,
)
from trio_agent.tools.unified_diff import apply_spans


def apply_edits(original: str, edits: Sequence[Edit]) -> str:
    return apply_spans(original, find_edits(original, edits))


def replace(old: str, new: str) -> Edit:
    return Edit(operation="replace", oldText=old, newText=new)


def test_edits_are_found_in_the_original_and_not_in_each_other() -> None:
    assert apply_edits("a b", [replace("a", "b"), replace("b", "c")]) == "b c"


def test_additions_keep_their_order() -> None:
    edits = [
        Edit(operation="append_eof", newText="1"),
        Edit(operation="prepend_bof", newText="2"),
        Edit(operation="append_eof", newText="3"),
        Edit(operation="prepend_bof", newText="4"),
    ]
    assert apply_edits("|", edits) == "24|13"


def test_text_that_is_not_there_is_answered_with_what_is_most_like_it() -> None:
    original = "def f():\n    return compute(1)\n\ndef g():\n    return 2\n"
    with pytest.raises(ToolError) as caught:
        apply_edits(original, [replace("x", "y"), replace("def f():\n  return compute(2)\n", "")])
    assert "patch 1" in str(caught.value)
    with pytest.raises(ToolError) as caught:
        apply_edits(original, [replace("def f():\n  return compute(2)\n", "")])
    assert "1: def f():\n2:     return compute(1)" in str(caught.value)


def test_a_hint_is_short_whatever_the_lines_are() -> None:
    line = "x" * COMPARED_LINE_CHARS + "y" * 5_000
    with pytest.raises(ToolError) as caught:
        apply_edits(f"{line}\n" * 15, [replace(f"{line}!\n" * 14, "")])
    assert "1: xxx" in str(caught.value)
    assert len(str(caught.value)) < (MAX_HINT_LINE_CHARS + 10) * MAX_HINT_LINES + 500


@pytest.mark.timeout(60)
def test_a_hint_is_not_looked_for_without_end() -> None:
    # Long lines of the same letters, all in another order: what difflib finds hardest.
    shuffled = random.Random(1)
    letters = [chr(0x4E00 + number % 3000) for number in range(MAX_COMPARED_CHARS // 3)]
    lines = ["".join(shuffled.sample(letters, len(letters))) for _ in range(2)]
    with pytest.raises(ToolError, match="was not found"):
        apply_edits(lines[0], [replace(lines[1], "")])


def test_text_that_stands_in_several_places_is_answered_with_their_lines() -> None:
    with pytest.raises(ToolError, match="lines 1, 3"):
        apply_edits("same\nother\nsame\n", [replace("same", "")])


def test_text_that_overlaps_itself_is_not_unique() -> None:
    with pytest.raises(ToolError, match="not unique"):
        apply_edits("aaa", [replace("aa", "b")])


def test_overlapping_edits_are_refused_by_number() -> None:
    with pytest.raises(ToolError, match="patches 2 and 1 overlap"):
        apply_edits("abcd", [replace("bcd", ""), replace("abc", "")])


def test_edits_that_touch_are_both_made() -> None:
    assert apply_edits("abcd", [replace("cd", "2"), replace("ab", "1")]) == "12"


def test_a_replacement_of_nothing_is_refused() -> None:
    with pytest.raises(ToolError, match="needs oldText"):
        apply_edits("abc", [replace("", "x")])


def test_an_overwrite_stands_alone() -> None:
    overwrite = Edit(operation="overwrite", newText="new")
    assert apply_edits("old", [overwrite]) == "new"
    with pytest.raises(ToolError, match="combined"):
        apply_edits("old", [overwrite, replace("o", "x")])


# Few letters, so that texts often occur, occur twice, and overlap.
texts = st.text("ab\n", max_size=12)


@given(texts, st.lists(st.tuples(texts, texts), max_size=4))
def test_edits_succeed_if_and_only_if_each_is_unique_and_none_overlap(
    original: str, pairs: list[tuple[str, str]]
) -> None:
    spans = []
    possible = True
    for old, _ in pairs:
        places = [i for i in range(len(original)) if original.startswith(old, i)]
        possible = possible and bool(old) and len(places) == 1
        spans += [(place, place + len(old)) for place in places[:1]]
    spans.sort()
    possible = possible and all(end <= start for (_, end), (start, _) in pairwise(spans))
    edits = [replace(old, new) for old, new in pairs]
    if not possible:
        with pytest.raises(ToolError):
            apply_edits(original, edits)
        return
    # One by one from the last place to the first, each by its place: another way to the same text.
    expected = original
    for old, new in sorted(pairs, key=lambda pair: original.index(pair[0]), reverse=True):
        place = original.index(old)
        expected = expected[:place] + new + expected[place + len(old) :]
    assert apply_edits(original, edits) == expected
