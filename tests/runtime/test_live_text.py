from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from trio_agent.runtime.live_text import LiveText

pieces = st.lists(st.text(max_size=12))


@given(pieces, st.data())
def test_what_follows_any_offset_is_the_end_of_the_whole(added: list[str], data: st.DataObject) -> None:
    text = LiveText(1)
    for piece in added:
        text.add(piece)
    whole = "".join(added)
    offset = data.draw(st.integers(0, len(whole)))
    assert (text.start, text.end, text.since(offset)) == (0, len(whole), whole[offset:])


@given(pieces, st.integers(1, 20), st.data())
def test_a_tail_is_the_end_and_no_more(added: list[str], tail_chars: int, data: st.DataObject) -> None:
    text = LiveText(1, tail_chars)
    for piece in added:
        text.add(piece)
    whole = "".join(added)
    assert (text.start, text.end) == (max(0, len(whole) - tail_chars), len(whole))
    offset = data.draw(st.integers(text.start, text.end))
    assert text.since(offset) == whole[offset:]


def test_a_tail_holds_no_more_than_twice_what_it_shows() -> None:
    text = LiveText(1, tail_chars=100)
    for _ in range(10_000):
        text.add("seven..")
        assert text.kept_chars <= 207
