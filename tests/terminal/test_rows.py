"""Text broken into rows of a terminal."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from trio_agent.terminal.rows import broken, end_that_fits


def rows(text: str, width: int) -> list[str]:
    found = []
    while (parts := broken(text, width)) is not None:
        found.append(parts[0])
        text = parts[1]
    return [*found, text]


@pytest.mark.parametrize(
    ("text", "width", "expected"),
    [
        ("", 5, [""]),
        ("12345", 5, ["12345"]),
        ("12 45 78", 5, ["12 45", "78"]),
        ("12 456", 5, ["12", "456"]),
        ("1234567", 5, ["12345", "67"]),
        (" 234567", 5, [" 2345", "67"]),
        ("日本語", 4, ["日本", "語"]),
        ("日本", 1, ["日", "本"]),
    ],
)
def test_a_row_is_broken_at_a_blank_where_there_is_one(text: str, width: int, expected: list[str]) -> None:
    assert rows(text, width) == expected


@given(st.text(st.sampled_from("ab 日é"), max_size=60), st.integers(2, 12))
def test_every_row_fits_and_nothing_but_blanks_is_lost(text: str, width: int) -> None:
    found = rows(text, width)
    assert all(cell_len(row) <= width for row in found)
    assert "".join(found).replace(" ", "") == text.replace(" ", "")


@pytest.mark.parametrize(
    ("text", "width", "end"), [("abc", 5, "abc"), ("abcdef", 3, "def"), ("日本語", 5, "本語"), ("", 3, "")]
)
def test_the_end_of_a_long_line_is_what_is_seen_of_it(text: str, width: int, end: str) -> None:
    assert end_that_fits(text, width) == end
