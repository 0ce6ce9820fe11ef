from __future__ import annotations

import difflib
import random
import re
import time
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trio_agent.tools.unified_diff import COMPARED_LINES, Span, apply_spans, unified_diff

# Few letters and many line ends, so that lines are often equal and texts often lack their last line end.
texts = st.text("ab\n\n", max_size=60)


@st.composite
def changes(draw: st.DrawFn) -> tuple[str, list[Span]]:
    old = draw(texts)
    places = sorted(draw(st.lists(st.integers(0, len(old)), max_size=8).filter(lambda each: len(each) % 2 == 0)))
    spans = [(start, end, draw(texts)) for start, end in zip(places[::2], places[1::2], strict=True)]
    return old, spans


def applied(old: str, diff: str) -> str:
    """`old` after `diff`, which must fit it line by line."""
    body = diff.split("\n")[2:-1]
    lines = old.splitlines(keepends=True) if old else []
    done: list[str] = []
    at = 0
    for number, line in enumerate(body):
        if hunk := re.fullmatch(r"@@ -(\d+)(?:,(\d+))? \+(\d+)(?:,(\d+))? @@", line):
            begin = int(hunk[1]) - (hunk[2] != "0")
            done += lines[at:begin]
            at = begin
            assert len(done) == int(hunk[3]) - (hunk[4] != "0")
            continue
        if line.startswith("\\"):
            continue
        unended = number + 1 < len(body) and body[number + 1].startswith("\\")
        text = line[1:] + "\n" * (not unended)
        if line[0] in " -":
            assert lines[at] == text
            at += 1
        if line[0] in " +":
            done.append(text)
    return "".join(done + lines[at:])


@given(changes())
def test_a_diff_leads_from_the_old_text_to_the_new(change: tuple[str, list[Span]]) -> None:
    old, spans = change
    new = apply_spans(old, spans)
    diff = unified_diff(old, spans, "a", "b")
    assert bool(diff) is (old != new)
    assert applied(old, diff) == new


@pytest.mark.parametrize("place", [0, 1, 5, 10, 19])
def test_one_changed_line_has_three_lines_around_it_as_everywhere(place: int) -> None:
    lines = [f"{number}\n" for number in range(20)]
    start = sum(map(len, lines[:place]))
    changed = [*lines[:place], "new\n", *lines[place + 1 :]]
    diff = unified_diff("".join(lines), [(start, start + len(lines[place]), "new\n")], "a", "b")
    assert diff == "".join(difflib.unified_diff(lines, changed, "a", "b"))


def test_in_a_text_written_anew_the_lines_that_stayed_are_seen() -> None:
    old = "".join(f"{number}\n" for number in range(COMPARED_LINES // 2 - 5))
    new = old.replace("\n7\n", "\nseven\n").replace("\n500\n", "\n")
    diff = unified_diff(old, [(0, len(old), new)], "a", "b")
    assert [line for line in diff.split("\n")[2:] if line[:1] in ("-", "+")] == ["-7", "+seven", "-500"]


def test_what_is_too_long_to_compare_is_shown_as_removed_and_added() -> None:
    old = "".join(f"{number}\n" for number in range(COMPARED_LINES))
    new = old.replace("0\n", "0!\n")
    diff = unified_diff(f"head\n{old}tail\n", [(0, len(old) + 10, f"head\n{new}tail\n")], "a", "b")
    # What both begin and end with is not repeated, however long.
    assert applied(f"head\n{old}tail\n", diff) == f"head\n{new}tail\n"
    removed = [line for line in diff.split("\n")[2:] if line.startswith("-")]
    assert removed == [f"-{number}" for number in range(COMPARED_LINES - 9)]


def _least_s(work: Callable[[], object]) -> float:
    def once() -> float:
        begin = time.process_time()
        work()
        return time.process_time() - begin

    return min(once() for _ in range(3))


def test_four_times_the_text_takes_about_four_times_as_long() -> None:
    random_lines = random.Random(1)

    def table(lines: int) -> str:
        return "".join(f"{random_lines.randrange(200)},ok\n" for _ in range(lines))

    def rewrite(lines: int) -> Callable[[], object]:
        old, new = table(lines), table(lines)
        return lambda: unified_diff(old, [(0, len(old), new)], "a", "b")

    # Sixteen times, if all lines were compared.
    assert _least_s(rewrite(160_000)) < 10 * _least_s(rewrite(40_000))


@pytest.mark.timeout(60)
def test_many_changes_are_compared_no_longer_than_one() -> None:
    block = "".join(f"{number % 7}\n" for number in range(150))
    old = "".join(f"begin {number}\n{block}end\n" for number in range(2000))
    spans: list[Span] = []
    at = 0
    for number in range(2000):
        begin = at + len(f"begin {number}\n")
        spans.append((begin, begin + len(block), block[::-1].lstrip("\n") + "\n"))
        at = begin + len(block) + len("end\n")
    assert applied(old, unified_diff(old, spans, "a", "b")) == apply_spans(old, spans)
