from __future__ import annotations

import pytest

from trio_agent.agent.slug import MAX_SLUG_CHARS, MAX_TITLE_CHARS, slug_of, title_of


@pytest.mark.parametrize(
    ("text", "slug"),
    [
        ("Fix the parser", "fix-the-parser"),
        ("  Größe: ändern!!  ", "grosse-andern"),
        ("../../etc/passwd -f; rm", "etc-passwd-f-rm"),
        ("修正", ""),
        ("", ""),
        ("v2.0\nand more", "v2-0-and-more"),
        ("x" * 100, "x" * MAX_SLUG_CHARS),
    ],
)
def test_a_slug_is_words_of_letters_and_digits(text: str, slug: str) -> None:
    assert slug_of(text) == slug


def test_a_slug_ends_with_a_whole_word() -> None:
    slug = slug_of("one two three four five six seven eight nine ten eleven")
    assert slug == "one-two-three-four-five-six-seven-eight"
    assert len(slug) <= MAX_SLUG_CHARS


@pytest.mark.parametrize(
    ("text", "title"),
    [("Fix it\nand that", "Fix it"), ("\n\n  Fix \t it  ", "Fix it"), ("   ", ""), ("a" * MAX_TITLE_CHARS, "a" * 80)],
)
def test_a_title_is_the_first_line(text: str, title: str) -> None:
    assert title_of(text) == title


def test_a_long_title_is_cut_at_a_word_and_shows_it() -> None:
    title = title_of("word " * 40)
    assert title.endswith("word…")
    assert len(title) <= MAX_TITLE_CHARS


def test_a_long_word_is_cut_somewhere() -> None:
    assert len(title_of("x" * 500)) <= MAX_TITLE_CHARS
