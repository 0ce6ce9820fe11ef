"""Log identity, index and tag: where a reader is, in a form that cannot be mistaken.

A *log* is one session's append-only sequence of messages. Its identity is 16 random characters of [a-z2-7], made anew
whenever the log could differ from what a client has seen. The *tag* chains the content:

    tag(0) = "000000000000"
    tag(n) = first 12 hex digits of SHA-256(tag(n-1) as ASCII || wire bytes of message n-1)

A *cursor* `LOG.N.TAG` says "I have the first N messages of this log, and this is what they were".
"""

from __future__ import annotations

import base64
import hashlib
import re
from dataclasses import dataclass
from typing import Literal

ResetReason = Literal["new_log", "ahead", "diverged", "compacted", "bad_cursor"]
"""Why a reader must drop what it has and begin anew."""

FIRST_TAG = "0" * 12
MAX_CURSOR_CHARS = 64
LOG_ID_ENTROPY_BYTES = 10

_CURSOR = re.compile(r"([a-z2-7]{16})\.(0|[1-9][0-9]{0,14})\.([0-9a-f]{12})")


@dataclass(frozen=True, slots=True)
class Cursor:
    """The first `index` messages of `log`, whose content chains to `tag`."""

    log: str
    index: int
    tag: str

    def __str__(self) -> str:
        return f"{self.log}.{self.index}.{self.tag}"


def parse_cursor(text: str) -> Cursor | None:
    """The cursor that `text` spells, or None where it spells none. Never raises: clients send anything."""
    if len(text) > MAX_CURSOR_CHARS:
        return None
    match = _CURSOR.fullmatch(text)
    return Cursor(match[1], int(match[2]), match[3]) if match else None


def start_of(log: str) -> Cursor:
    return Cursor(log, 0, FIRST_TAG)


def misfit(cursor: Cursor | None, first: Cursor, end: Cursor) -> ResetReason | None:
    """Why a reader who has `cursor` cannot go on in a log whose messages from `first` to `end` are kept.

    None stands for a cursor that is none, and is the answer where only the content can tell: another tag at the same index
    is `diverged`. A log that was trimmed begins after index 0; what a reader of before has cannot be verified any more.
    """
    if cursor is None:
        return "bad_cursor"
    if cursor.log != end.log:
        return "new_log"
    if cursor.index > end.index:
        return "ahead"
    return "compacted" if cursor.index < first.index else None


def next_tag(tag: str, wire: bytes) -> str:
    """The tag after one more message, whose JSON on the wire is `wire`."""
    return hashlib.sha256(tag.encode("ascii") + wire).hexdigest()[:12]


def log_id(entropy: bytes) -> str:
    """A log's identity from LOG_ID_ENTROPY_BYTES random bytes of the caller's."""
    if len(entropy) != LOG_ID_ENTROPY_BYTES:
        raise ValueError(f"a log id takes {LOG_ID_ENTROPY_BYTES} random bytes, got {len(entropy)}")
    return base64.b32encode(entropy).decode("ascii").lower()
