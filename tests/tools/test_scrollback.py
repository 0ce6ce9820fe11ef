from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trio_agent.tools.scrollback import CLEAR, PIECE_BYTES, Scrollback


def shown(scrollback: Scrollback, position: int = -1) -> bytes:
    """All that a viewer at `position` gets."""
    data = b""
    while True:
        piece, position, _ = scrollback.read(position)
        data += piece
        if position == scrollback.end:
            return data


def test_a_late_viewer_gets_all_that_is_held_and_an_early_one_what_follows() -> None:
    scrollback = Scrollback()
    scrollback.add(b"one ")
    _, position, _ = scrollback.read(-1)
    scrollback.add(b"two")
    assert scrollback.read(position) == (b"two", 7, False)
    assert scrollback.read(-1) == (b"one two", 7, False)


def test_no_piece_is_larger_than_what_a_connection_must_take_at_once() -> None:
    scrollback = Scrollback()
    scrollback.add(b"a" * (PIECE_BYTES + 1))
    assert [len(scrollback.read(position)[0]) for position in (-1, PIECE_BYTES)] == [PIECE_BYTES, 1]


def test_it_holds_no_more_than_it_may_and_begins_with_a_whole_line() -> None:
    scrollback = Scrollback(held_bytes=1000)
    for number in range(1000):
        scrollback.add(b"line %d\r\n" % number)
        assert scrollback.end - scrollback.start <= 1000
    assert shown(scrollback).startswith(b"line 8") or shown(scrollback).startswith(b"line 9")
    assert shown(scrollback).endswith(b"line 999\r\n")


def test_a_viewer_that_was_too_slow_is_cleared_and_goes_on_with_what_is_held() -> None:
    scrollback = Scrollback(held_bytes=100)
    scrollback.add(b"a" * 50 + b"\n")
    _, position, _ = scrollback.read(-1)
    scrollback.add(b"b\n" * 100)
    data, behind, skipped = scrollback.read(position)
    assert (data.startswith(CLEAR), behind, skipped) == (True, scrollback.end, True)
    assert set(data.removeprefix(CLEAR)) == set(b"b\n")


SEQUENCES = [
    b"\x1b[31m",
    b"\x1b[38;2;1;2;3m",
    b"\x1b]0;a title\x07",
    b"\x1b]8;;http://a\x1b\\",
    b"\x1bP1$r0m\x1b\\",
    b"\x1b(B",
    b"\x1b7",
    "é".encode(),
    "€".encode(),
    "𝄞".encode(),
]


@given(st.lists(st.sampled_from([*SEQUENCES, b"a", b"\r\n"]), min_size=50, max_size=200), st.integers(16, 90))
def test_it_never_begins_within_a_sequence_or_a_character(parts: list[bytes], held_bytes: int) -> None:
    scrollback = Scrollback(held_bytes)
    places, at = {0}, 0
    for part in parts:
        at += len(part)
        places.add(at)
    # In reads that pay no heed to where a sequence ends, as the kernel's do not.
    whole = b"".join(parts)
    for begin in range(0, len(whole), 7):
        scrollback.add(whole[begin : begin + 7])
        # A sequence of which only the half has been shown may be where it is cut; then its end is.
        assert scrollback.start in places or scrollback.start == begin + len(whole[begin : begin + 7])


@pytest.mark.parametrize(
    ("cut_off", "preamble"),
    [
        (b"\x1b[?1049h\x1b[?25l", b"\x1b[?1049h\x1b[?25l"),
        (b"\x1b[?1049;25h", b"\x1b[?1049h\x1b[?25h"),
        (b"\x1b[?1049h\x1bc", b""),
        (b"\x1b[?9999h", b""),
    ],
)
def test_what_was_cut_off_is_said_again_as_far_as_the_rest_relies_on_it(cut_off: bytes, preamble: bytes) -> None:
    scrollback = Scrollback(held_bytes=100)
    scrollback.add(cut_off + b"x\n" * 200)
    assert shown(scrollback).startswith(preamble + b"x\n")


@pytest.mark.parametrize("part", [b"\x1b]", b"\x1b[", b"\x1b", b"\x1b[0", b"\x80", b"\xff", b"\x1bP\x1b", b"\x1b[?;"])
def test_no_output_makes_it_slow(part: bytes) -> None:
    scrollback = Scrollback()
    flood = part * (1024 * 1024 // len(part))
    begin = time.process_time()
    for at in range(0, len(flood), 64 * 1024):
        scrollback.add(flood[at : at + 64 * 1024])
    assert scrollback.end - scrollback.start <= 256 * 1024
    assert time.process_time() - begin < 5
