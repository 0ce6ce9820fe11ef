from __future__ import annotations

from pathlib import Path

from trio_agent.agent.instructions import instructions
from trio_agent.core.redaction import MARK
from trio_agent.seams import Survey


def test_the_model_is_told_where_it_works_and_in_what() -> None:
    text = instructions(Path("/srv/work"), Survey(initial_commit="1" * 40, is_clone=True), "bwrap")
    assert "/srv/work" in text
    assert "sandbox" in text
    assert "commit" in text.lower()


def test_it_is_told_whose_checkout_it_works_in() -> None:
    in_clone = instructions(Path("/srv/work"), Survey(initial_commit="1" * 40, is_clone=True), "none")
    in_place = instructions(Path("/srv/work"), Survey(initial_commit="1" * 40), "none")
    assert "clone made for this session" in in_clone
    assert "clone" not in in_place
    assert "user's own checkout" in in_place


def test_it_is_told_of_a_sandbox_only_where_there_is_one() -> None:
    assert "sandbox" not in instructions(Path("/srv/work"), Survey(), "none")


def test_it_is_told_where_there_are_no_commits_yet() -> None:
    assert "no commits yet" in instructions(Path("/srv/work"), Survey(), "none")


def test_it_is_told_what_stands_in_the_place_of_a_secret() -> None:
    assert MARK in instructions(Path("/srv/work"), Survey(), "none")
