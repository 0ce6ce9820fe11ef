"""Keys in, messages out."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trio_agent.terminal.line_editor import Left, LineEditor, Submitted


def typed(*data: bytes) -> tuple[str, str]:
    editor = LineEditor()
    for each in data:
        assert editor.feed(each) == []
    return editor.before, editor.after


@pytest.mark.parametrize("enter", [b"\r", b"\n"])
def test_enter_hands_the_line_over_and_begins_a_new_one(enter: bytes) -> None:
    editor = LineEditor()
    assert editor.feed("grüße".encode() + enter + b"more") == [Submitted("grüße")]
    assert (editor.before, editor.after) == ("more", "")


def test_enter_on_an_empty_line_says_so() -> None:
    assert LineEditor().feed(b"\r") == [Submitted("")]


@pytest.mark.parametrize(
    ("keys", "expected"),
    [
        (b"abc\x7f", ("ab", "")),
        (b"abc\x1b[D\x1b[D", ("a", "bc")),
        (b"abc\x1b[D\x7f", ("a", "c")),
        (b"abc\x01\x1b[C", ("a", "bc")),
        (b"abc\x1b[H\x05", ("abc", "")),
        (b"abc\x1bOD\x1b[3~", ("ab", "")),
        (b"abc\x02\x04", ("ab", "")),
        (b"one two \x17", ("one ", "")),
        (b"one two\x02\x02\x15", ("", "wo")),
        (b"one two\x02\x02\x0b", ("one t", "")),
        (b"one\x1b\rtwo", ("one\ntwo", "")),
        (b"a\x1b[15~\x1b[99zb\x07", ("ab", "")),
        (b"\xff", ("\ufffd", "")),
    ],
)
def test_keys_do_what_they_do_in_a_shell(keys: bytes, expected: tuple[str, str]) -> None:
    assert typed(keys) == expected


def test_what_is_pasted_keeps_its_lines_and_is_not_sent() -> None:
    assert typed(b"a \x1b[200~one\rtwo\x1b[31m\r\n\x04", b"three\x1b[201~ b") == (
        "a one\ntwo\n\x04three b".replace("\x04", ""),
        "",
    )


def test_ctrl_d_leaves_on_an_empty_line_only() -> None:
    editor = LineEditor()
    assert editor.feed(b"a\x04") == []
    assert editor.feed(b"\x7f\x04") == [Left()]


def test_up_and_down_walk_through_what_was_said() -> None:
    editor = LineEditor()
    editor.feed(b"one\r \rtwo\r")
    seen = []
    for key in (b"\x1b[A", b"\x1b[A", b"\x1b[A", b"\x1b[B", b"\x1b[B", b"\x1b[B"):
        editor.feed(key)
        seen.append(editor.before)
    assert seen == ["two", "one", "one", "two", "", ""]


KEYS = st.lists(
    st.sampled_from([b"a", "é𝛑".encode(), b"\x1b[D", b"\x1b[3~", b"\x1b[200~x\ry\x1b[201~", b"\r", b"\x7f"])
)


@given(KEYS, st.data())
def test_keys_may_come_in_pieces(keys: list[bytes], data: st.DataObject) -> None:
    whole, pieces = LineEditor(), LineEditor()
    stream = b"".join(keys)
    cut = data.draw(st.integers(0, len(stream)))
    assert pieces.feed(stream[:cut]) + pieces.feed(stream[cut:]) == whole.feed(stream)
    assert (pieces.before, pieces.after) == (whole.before, whole.after)
