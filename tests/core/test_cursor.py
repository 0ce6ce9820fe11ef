"""Cursors: what a client may send, and what a log hands out."""

import hashlib

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from trio_agent.core.cursor import (
    FIRST_TAG,
    LOG_ID_ENTROPY_BYTES,
    MAX_CURSOR_CHARS,
    Cursor,
    log_id,
    misfit,
    next_tag,
    parse_cursor,
    start_of,
)

LOG = "abcdefghijklmn27"
LOGS = st.text("abcdefghijklmnopqrstuvwxyz234567", min_size=16, max_size=16)
TAGS = st.text("0123456789abcdef", min_size=12, max_size=12)
CURSORS = st.builds(Cursor, log=LOGS, index=st.integers(0, 10**15 - 1), tag=TAGS)


@given(cursor=CURSORS)
@example(cursor=Cursor(LOG, 10**15 - 1, "f" * 12))
def test_a_cursor_is_read_as_it_was_written(cursor: Cursor) -> None:
    assert parse_cursor(str(cursor)) == cursor
    assert len(str(cursor)) <= MAX_CURSOR_CHARS


@pytest.mark.parametrize(
    "text",
    [
        "",
        ".",
        "..",
        LOG,
        f"{LOG}.1",
        f"{LOG}.1.",
        f"{LOG}.1.{'0' * 11}",
        f"{LOG}.1.{'0' * 13}",
        f"{LOG}.1.{'0' * 12}.",
        f"{LOG}.1.{'0' * 12}\n",
        f" {LOG}.1.{'0' * 12}",
        f"{LOG}.1.{'A' * 12}",
        f"{LOG}.1.{'g' * 12}",
        f"{LOG}.-1.{'0' * 12}",
        f"{LOG}.+1.{'0' * 12}",
        f"{LOG}.01.{'0' * 12}",
        f"{LOG}.1_0.{'0' * 12}",
        f"{LOG}.1e3.{'0' * 12}",
        f"{LOG}. 1.{'0' * 12}",
        f"{LOG}.٣.{'0' * 12}",
        f"{LOG}.{'9' * 16}.{'0' * 12}",
        f"{LOG.upper()}.1.{'0' * 12}",
        f"{LOG[:15]}.1.{'0' * 12}",
        f"{LOG[:15]}1.1.{'0' * 12}",
        f"{LOG[:15]}é.1.{'0' * 12}",
        f"{LOG}.1.{'0' * 12}\0",
        f"{LOG}.1.{'０' * 12}",
        f"{LOG}.{'1' * 5000}.{'0' * 12}",
        "x" * 10_000_000,
        "\ud834",
    ],
    ids=lambda text: ascii(text[:60]),
)
def test_what_is_not_a_cursor_is_none_and_no_error(text: str) -> None:
    assert parse_cursor(text) is None


@given(text=st.text() | st.from_regex(r"[a-z2-7]{14,18}\.[0-9]{0,17}\.[0-9a-f]{11,13}"))
def test_any_text_is_a_cursor_spelled_in_its_only_way_or_none(text: str) -> None:
    cursor = parse_cursor(text)
    assert cursor is None or str(cursor) == text


def test_a_log_starts_at_index_0_with_the_first_tag() -> None:
    assert str(start_of(LOG)) == f"{LOG}.0.000000000000"


def test_a_tag_is_the_hash_of_the_tag_before_and_the_message() -> None:
    expected = hashlib.sha256(b"000000000000" + b'{"idx":0}').hexdigest()[:12]
    assert next_tag(FIRST_TAG, b'{"idx":0}') == expected
    assert next_tag(expected, b'{"idx":1}') == hashlib.sha256(expected.encode() + b'{"idx":1}').hexdigest()[:12]


def tag_of(wires: list[bytes]) -> str:
    tag = FIRST_TAG
    for wire in wires:
        tag = next_tag(tag, wire)
    return tag


@given(one=st.lists(st.binary(), max_size=5), other=st.lists(st.binary(), max_size=5))
@example(one=[], other=[b""])
@example(one=[b"a", b"b"], other=[b"ab"])
@example(one=[b"a", b"b"], other=[b"b", b"a"])
def test_only_the_same_messages_in_the_same_order_have_the_same_tag(one: list[bytes], other: list[bytes]) -> None:
    assert (tag_of(one) == tag_of(other)) == (one == other)


@given(entropy=st.binary(min_size=LOG_ID_ENTROPY_BYTES, max_size=LOG_ID_ENTROPY_BYTES))
def test_a_log_id_is_one_that_a_cursor_can_carry(entropy: bytes) -> None:
    assert parse_cursor(str(start_of(log_id(entropy)))) == start_of(log_id(entropy))


@given(
    entropy=st.sets(st.binary(min_size=LOG_ID_ENTROPY_BYTES, max_size=LOG_ID_ENTROPY_BYTES), min_size=2, max_size=20)
)
def test_a_log_id_keeps_all_its_entropy(entropy: set[bytes]) -> None:
    assert len({log_id(each) for each in entropy}) == len(entropy)


@pytest.mark.parametrize("size", [0, 9, 11])
def test_a_log_id_of_too_little_or_too_much_entropy_is_refused(size: int) -> None:
    with pytest.raises(ValueError, match=f"got {size}"):
        log_id(b"\0" * size)


TRIMMED = Cursor(LOG, 40, "a" * 12), Cursor(LOG, 90, "b" * 12)
"""Where a log begins of which the first 40 messages were removed, and where it ends."""


@pytest.mark.parametrize(
    ("cursor", "reason"),
    [
        (None, "bad_cursor"),
        (Cursor("b" * 16, 50, "c" * 12), "new_log"),
        (Cursor("b" * 16, 0, FIRST_TAG), "new_log"),
        (Cursor("b" * 16, 91, "c" * 12), "new_log"),
        (start_of(LOG), "compacted"),
        (Cursor(LOG, 39, "c" * 12), "compacted"),
        (TRIMMED[0], None),
        (Cursor(LOG, 40, "c" * 12), None),
        (Cursor(LOG, 89, "c" * 12), None),
        (TRIMMED[1], None),
        (Cursor(LOG, 91, "c" * 12), "ahead"),
    ],
    ids=str,
)
def test_what_is_kept_of_a_log_decides_who_goes_on_in_it(cursor: Cursor | None, reason: str | None) -> None:
    assert misfit(cursor, *TRIMMED) == reason


@given(index=st.integers(0, 100), tag=TAGS)
def test_in_a_log_that_was_never_trimmed_nothing_is_compacted(index: int, tag: str) -> None:
    assert misfit(Cursor(LOG, index, tag), start_of(LOG), TRIMMED[1]) == (None if index <= 90 else "ahead")
