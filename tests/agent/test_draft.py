"""What is kept of an answer that broke off."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.agent.desk import Desk, tells
from tests.runtime.house import HouseStore, at_rest, logged
from trio_agent.agent.draft import KEPT_CHARS, Ends
from trio_agent.core.errors import ProviderError


def kept(*pieces: str) -> str:
    ends = Ends()
    for piece in pieces:
        ends.add(piece)
    return ends.text()


@given(pieces=st.lists(st.text()))
def test_a_text_of_bearable_length_is_kept_whole(pieces: list[str]) -> None:
    assert kept(*pieces) == "".join(pieces)


@pytest.mark.parametrize("size", [7, 700_001, 4 * KEPT_CHARS])
def test_of_a_longer_one_both_ends_are_kept_and_the_rest_is_counted(size: int) -> None:
    whole = "".join(f"{number} " for number in range(900_000))
    text = kept(*(whole[at : at + size] for at in range(0, len(whole), size)))
    head, missing, tail = text.split("…")
    assert whole.startswith(head.removesuffix("\n"))
    assert whole.endswith(tail.removeprefix("\n"))
    assert KEPT_CHARS - 10 <= len(head) <= KEPT_CHARS + 1
    assert KEPT_CHARS - 10 <= len(tail) <= KEPT_CHARS + 1
    assert int(missing.split()[0]) == len(whole) - len(head) - len(tail) + 2


def test_twice_as_much_is_kept_whole() -> None:
    whole = "x" * 2 * KEPT_CHARS
    assert kept(whole) == whole
    assert "… 1 characters left out …" in kept(whole, "x")


def test_no_word_is_cut_in_two() -> None:
    secret = "s3cret-that-is-long"
    begin = "a " * (KEPT_CHARS // 2 - 5) + secret
    end = secret + " z" * (KEPT_CHARS // 2 - 5)
    text = kept(begin + " between " * KEPT_CHARS + end)
    assert "s3cret" not in text
    assert "long" not in text


def test_what_is_held_in_memory_does_not_grow() -> None:
    ends = Ends()
    for _ in range(40):
        ends.add("word " * 50_000)
        ends.add("")
        assert sum(map(len, ends._head + ends._tail)) <= 3 * KEPT_CHARS
        assert len(ends._head + ends._tail) <= 20


async def test_of_a_very_long_answer_that_breaks_off_the_log_keeps_both_ends(tmp_path: Path) -> None:
    store = HouseStore()
    words = f"first {'x' * KEPT_CHARS} {'y' * KEPT_CHARS} {'z' * KEPT_CHARS} last"
    desk = Desk(tmp_path, tells(words, then=ProviderError("It sent too much."), thinking=words))
    async with desk.session(store) as session:
        await session.post("hi")
        await at_rest(session)
        (part,) = [each for each in await logged(session) if each.type == "agent"]
    for text in (part.content, part.thinking):
        assert text.startswith("first xxx")
        assert text.rstrip().endswith("zzz last")
        assert " characters left out …" in text
        assert "y" not in text
        assert len(text) <= 2 * KEPT_CHARS + 100
    assert (part.display or {})["kind"] == "cut_off"
