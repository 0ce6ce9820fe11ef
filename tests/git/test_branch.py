from __future__ import annotations

import re
from itertools import islice

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trio_agent.git.branch import MAX_SLUG_CHARS, branch_names, clean_slug, is_taken


@pytest.mark.parametrize(
    ("slug", "cleaned"),
    [
        ("fix-tests", "fix-tests"),
        ("Fix the Tests!", "fix-the-tests"),
        ("  --café/crème..lock ", "cafe-creme-lock"),
        ("日本語", ""),
        ("../../HEAD", "head"),
        ("x" * 39 + " yz", "x" * 39),
    ],
)
def test_a_slug_becomes_words_and_dashes(slug: str, cleaned: str) -> None:
    assert clean_slug(slug) == cleaned


@given(st.text())
def test_any_slug_makes_a_name_that_git_takes(slug: str) -> None:
    cleaned = clean_slug(slug)
    assert len(cleaned) <= MAX_SLUG_CHARS
    assert re.fullmatch(r"([a-z0-9]+(-[a-z0-9]+)*)?", cleaned)


def test_names_are_numbered_from_two() -> None:
    assert list(islice(branch_names("Fix tests", "s1"), 3)) == [
        "trio-agent/fix-tests",
        "trio-agent/fix-tests-2",
        "trio-agent/fix-tests-3",
    ]


def test_beside_a_branch_of_the_mere_name_a_dash_takes_the_place_of_the_slash() -> None:
    names = branch_names("Fix tests", "s1", ["main", "Trio-Agent"])
    assert list(islice(names, 2)) == ["trio-agent-fix-tests", "trio-agent-fix-tests-2"]


def test_a_slug_without_a_usable_letter_gives_way_to_the_session() -> None:
    assert next(branch_names("日本語", "Session_1")) == "trio-agent/session-1"


@pytest.mark.parametrize(
    ("present", "taken"),
    [
        ("trio-agent/fix", True),
        ("trio-agent/Fix", True),
        ("trio-agent/fix/more", True),
        ("trio-agent/fix-2", False),
        ("trio-agent/fi", False),
    ],
)
def test_a_name_is_taken_by_its_like_and_by_what_lies_under_it(present: str, taken: bool) -> None:
    assert is_taken("trio-agent/fix", [present]) is taken
