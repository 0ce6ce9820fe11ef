"""JSON on the wire: out as one line of ASCII, in within bounds."""

import json
import math
import time
from typing import Any

import msgspec
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from trio_agent.core.errors import InvalidContent, InvalidInput
from trio_agent.core.wire import MAX_JSON_DEPTH, clean, decode_json, encode_json

TEXT = st.text(st.characters(exclude_categories=["Cs"]))
SCALARS = (
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**63 - 1)
    | st.floats(allow_nan=False, allow_infinity=False)
    | TEXT
)
VALUES = st.recursive(
    SCALARS, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXT, inner, max_size=4), max_leaves=20
)


class Chat(msgspec.Struct):
    message: str


@given(value=VALUES)
@example(value="é€𝄞\U0010ffff\u2028\u2029\u0085\x7f\x00")
@example(value={"𝄞": ["\ud7ff\ue000\uffff\U00010000"]})
def test_any_value_leaves_as_one_line_of_ascii_and_is_read_back_by_any_reader(value: Any) -> None:
    line = encode_json(value)
    assert line.isascii()
    assert b"\n" not in line
    assert b"\r" not in line
    assert json.loads(line) == value
    assert decode_json(line, object) == value


def test_text_beyond_the_basic_plane_is_a_surrogate_pair_in_lower_case_hex() -> None:
    assert encode_json("a€𝄞b") == rb'"a\u20ac\ud834\udd1eb"'


def test_an_escaped_backslash_before_text_that_is_escaped_stays_one() -> None:
    assert json.loads(encode_json("\\é\\u00e9")) == "\\é\\u00e9"


# What a process or a model may hand over, and what of it can be encoded.
SURROGATES = [
    ("a", "a"),
    ("𝄞", "𝄞"),
    ("\ud834\udd1e", "𝄞"),
    ("\ud834", "\ufffd"),
    ("\udd1e", "\ufffd"),
    ("\ud834a", "\ufffda"),
    ("a\udd1eb", "a\ufffdb"),
    ("\udd1e\ud834", "\ufffd\ufffd"),
    ("\ud834\ud834\udd1e", "\ufffd𝄞"),
    ("\ufeff\ud834", "\ufeff\ufffd"),
    ("é\udce9", "é\ufffd"),
]


@pytest.mark.parametrize(("text", "cleaned"), SURROGATES, ids=[ascii(text) for text, _ in SURROGATES])
def test_surrogate_pairs_are_joined_and_lone_ones_replaced(text: str, cleaned: str) -> None:
    assert clean(text) == cleaned


@given(text=TEXT)
def test_text_without_surrogates_stays_as_it_is(text: str) -> None:
    assert clean(text) == text


@given(text=st.text(st.characters() | st.characters(categories=["Cs"])))
def test_cleaned_text_can_always_be_encoded(text: str) -> None:
    assert json.loads(encode_json(clean(text))) == clean(text)
    assert clean(clean(text)) == clean(text)


BROKEN = [
    b"",
    b" ",
    b"{",
    b"nul",
    b'{"message": "a"',
    b'{"message": "a"}}',
    b'{"message": "a"} x',
    b"'a'",
    b"{message: 1}",
    b"[1,]",
]
NO_NUMBERS = [b"NaN", b'{"message": NaN}', b"Infinity", b"-Infinity", b"01", b"+1", b"1.", b".5", b"0x1", b"-"]
NO_UTF_8 = [
    b'"\xff"',
    b'{"message": "\xc3"}',
    b"\xef\xbb\xbf{}",
    b'{"message": "\xed\xa0\x80"}',
    '{"message": "a"}'.encode("utf-16"),
]
NO_STRINGS = [b'{"message": "a\nb"}', b'"\x00"', b"\x00", b'"\\x"', b'"\\u12"', b'"\\ud834"', b'"\\udd1e\\ud834"']
# What is wrong stands after what the shape asks for, where a decoder that knows the shape need not look.
FURTHER_ON = [
    b'{"message": "a", "x": %b}' % rest
    for rest in (b"tru", b"NaN", b'"\xff"', b'{"\xff": 1}', b'"\xed\xa0\x80"', b'"\\q"', b'"a\nb"', b"01")
]
OF_ANOTHER_SHAPE = [b'{"message": 1, "x": tru}', b"[1, tru]", b'[{"message": "\xff"}]']


@pytest.mark.parametrize("data", [*BROKEN, *NO_NUMBERS, *NO_UTF_8, *NO_STRINGS, *FURTHER_ON, *OF_ANOTHER_SHAPE])
def test_bytes_that_are_no_json_are_invalid_input(data: bytes) -> None:
    with pytest.raises(InvalidInput):
        decode_json(data, Chat)


@pytest.mark.parametrize(
    "data",
    [
        b"null",
        b"1",
        b"[]",
        b'"a"',
        b"{}",
        b'{"Message": "a"}',
        b'{"message": 1}',
        b'{"message": null}',
        b'[{"message": "a"}]',
    ],
)
def test_json_of_another_shape_is_invalid_content(data: bytes) -> None:
    with pytest.raises(InvalidContent):
        decode_json(data, Chat)


def test_what_was_wrong_is_said_in_one_line() -> None:
    with pytest.raises(InvalidContent, match=r"^Expected `str`, got `int` - at `\$.message`$"):
        decode_json(b'{"message": 1}', Chat)


def test_a_field_that_is_not_known_is_ignored() -> None:
    assert decode_json(b'{"message": "a", "later": [1]}', Chat) == Chat("a")


def nested(levels: int) -> bytes:
    return b"[" * levels + b"]" * levels


def test_json_as_deep_as_allowed_is_read() -> None:
    assert decode_json(nested(MAX_JSON_DEPTH), list) is not None


@pytest.mark.parametrize("data", [b"[" + b"[1]," * 1000 + b"[]]", b"[" + b'{"a":{}},' * 1000 + b"1]"])
def test_json_that_is_wide_is_not_deep(data: bytes) -> None:
    assert len(decode_json(data, list)) == 1001


@pytest.mark.parametrize("levels", [MAX_JSON_DEPTH + 1, 1000, 100_000])
@pytest.mark.parametrize("unit", [(b"[", b"]"), (b'{"a":', b"}")], ids=["arrays", "objects"])
def test_json_deeper_than_allowed_is_refused(levels: int, unit: tuple[bytes, bytes]) -> None:
    begin, end = unit
    for data in (
        begin * levels + b"1" + end * levels,
        begin * levels,
        b"[0]" + begin * levels,
        b"]" * levels + begin * levels,
    ):
        with pytest.raises(InvalidInput):
            decode_json(data, object)


@pytest.mark.parametrize("text", ["[" * 100, '"' + "[" * 100, '\\"' + "{" * 100, "\\" * 3 + "[" * 100])
def test_brackets_inside_strings_are_not_depth(text: str) -> None:
    assert decode_json(json.dumps([text]).encode(), list) == [text]


@given(data=st.binary() | st.text("[]{}\"\\,:0a \n'u").map(str.encode))
def test_whatever_comes_in_is_a_value_or_a_callers_error(data: bytes) -> None:
    for shape in (object, Chat, int, float, str, list, dict):
        try:
            decode_json(data, shape)
        except (InvalidInput, InvalidContent):
            continue


@pytest.mark.parametrize("digits", [20, 400, 5000])
@pytest.mark.parametrize("shape", [object, int, float, Chat])
def test_a_number_of_any_length_is_a_value_or_a_callers_error(digits: int, shape: type[object]) -> None:
    for data in (
        b"1" * digits,
        b"-" + b"9" * digits,
        b"0." + b"1" * digits,
        b"1e" + b"9" * digits,
        b"1" * digits + b".5e3",
    ):
        try:
            value = decode_json(data, shape)
        except (InvalidInput, InvalidContent):
            continue
        assert not isinstance(value, float) or math.isfinite(value)


HOSTILE = {
    "brackets": b"[",
    "closed brackets": b"[]",
    "closing brackets": b"]",
    "objects": b'{"a":',
    "quotes": b'"',
    "backslashes": b"\\",
    "escaped quotes": b'\\"',
    "a quote and backslashes": b'"\\\\',
    "empty strings": b'"",',
    "letters": b"a",
    "NUL": b"\0",
    "half a character": b"\xc3",
}


def seconds_to_judge(data: bytes) -> float:
    """CPU time that decode_json takes over `data`, the best of three: noise only ever adds."""

    def once() -> float:
        begin = time.process_time()
        with pytest.raises((InvalidInput, InvalidContent)):
            decode_json(data, Chat)
        return time.process_time() - begin

    return min(once() for _ in range(3))


@pytest.mark.parametrize("unit", HOSTILE.values(), ids=HOSTILE.keys())
@pytest.mark.parametrize("begin", [b"", b'"', b'{"message":"'], ids=["bare", "in a string", "in a field"])
def test_a_mebibyte_made_to_be_slow_costs_its_length_and_not_its_square(begin: bytes, unit: bytes) -> None:
    small, large = (begin + unit * (size // len(unit)) for size in (2**16, 2**20))
    # Sixteen times the length; its square would take 256 times as long. A floor, since the clock is coarse below it.
    assert seconds_to_judge(large) < 80 * max(seconds_to_judge(small), 0.000_5)
