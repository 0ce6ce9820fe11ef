"""JSON as it leaves the process: one line, ASCII only.

Why ASCII: a line of an event stream ends at CR or LF, but many readers also break lines at U+2028, U+0085 and their kin,
and a chunk border may fall inside a UTF-8 sequence. Text without any of these cannot be cut wrong.
"""

from __future__ import annotations

import re
from typing import Any, TypeVar

import msgspec

from trio_agent.core.errors import InvalidContent, InvalidInput

MAX_JSON_DEPTH = 32
T = TypeVar("T")

_NOT_ASCII = re.compile(r"[^\x00-\x7f]+")
# A string without its end runs to the end of the text: matched as one, or every quote in it would be searched from anew.
_STRINGS = re.compile(rb'"(?:[^"\\]|\\.)*+(?:"|\\?\Z)', re.DOTALL)
_AS_SQUARE = bytes.maketrans(b"{}", b"[]")
_NO_BRACKETS = bytes(set(range(256)) - set(b"[]{}"))
_encoder = msgspec.json.Encoder()


def _escape(match: re.Match[str]) -> str:
    units = match.group().encode("utf-16-be")
    return "".join(f"\\u{units[i]:02x}{units[i + 1]:02x}" for i in range(0, len(units), 2))


def encode_json(value: Any) -> bytes:
    """One line of ASCII JSON. Strings must hold no lone surrogate (see `clean`)."""
    data = _encoder.encode(value)
    # Only inside strings can JSON hold anything but ASCII, so escaping the text as a whole is escaping the strings.
    return data if data.isascii() else _NOT_ASCII.sub(_escape, data.decode()).encode("ascii")


def clean(text: str) -> str:
    """`text` with surrogate pairs joined and lone surrogates replaced by U+FFFD, so that it can be encoded at all."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    return text


def _too_deep(data: bytes) -> bool:
    """Whether brackets nest deeper than MAX_JSON_DEPTH. At C speed: a client's body is judged on the event loop."""
    brackets = _STRINGS.sub(b"", data).translate(_AS_SQUARE, _NO_BRACKETS)
    for depth in range(MAX_JSON_DEPTH + 1):
        inner = brackets.replace(b"[]", b"")
        if inner == brackets:
            # Nothing closes any more: what is left is open to the end, and all that was taken away may stand inside it.
            return depth + brackets.count(b"[") > MAX_JSON_DEPTH
        brackets = inner
    return True


def decode_json(data: bytes, type: type[T]) -> T:
    """Decode a client's JSON.

    Raises InvalidInput where the bytes are no JSON (invalid UTF-8, NaN, deeper than MAX_JSON_DEPTH), and InvalidContent
    where they are JSON of another shape than `type`.
    """
    if _too_deep(data):
        raise InvalidInput(f"JSON nested deeper than {MAX_JSON_DEPTH} levels")
    try:
        # Fields that `type` does not ask for are skipped by the decoder without a look at their text.
        data.decode()
        return msgspec.json.decode(data, type=type)
    except msgspec.ValidationError as exc:
        # A document of the wrong shape may be broken JSON further on: the form is judged before the content.
        _require_json(data)
        raise InvalidContent(str(exc)) from exc
    except (msgspec.DecodeError, UnicodeDecodeError) as exc:
        raise InvalidInput(f"not valid JSON: {exc}") from exc


def _require_json(data: bytes) -> None:
    try:
        msgspec.json.decode(data)
    except (msgspec.DecodeError, UnicodeDecodeError) as exc:
        raise InvalidInput(f"not valid JSON: {exc}") from exc
