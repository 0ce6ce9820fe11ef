"""Texts of others as they may be shown: nothing in them turns or hides what stands around it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from trio_agent.web.visible import visible, visible_code, visible_prose

TEXTS: list[tuple[str, str, str]] = json.loads((Path(__file__).parent.parent / "shown_texts.json").read_text())
"""A text, as it is shown in prose, and in code; empty where it stays. The page is tested by the same."""


@pytest.mark.parametrize(("text", "prose", "code"), TEXTS, ids=ascii)
def test_what_turns_or_hides_a_text_is_told(text: str, prose: str, code: str) -> None:
    assert visible_prose(text) == (prose or text)
    assert visible_code(text) == (code or text)


def test_a_name_is_one_line() -> None:
    assert visible("new\nline\tand tab") == "new␊line\tand tab"


def test_half_a_character_is_replaced() -> None:
    assert visible_prose("a\ud800b") == visible_code("a\ud800b") == "a\ufffdb"
