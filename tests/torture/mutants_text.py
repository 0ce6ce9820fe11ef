"""Seeded bugs of text that is still being written: at which place, from where on, and until when it is told."""

from __future__ import annotations

from collections.abc import Sequence

from tests.torture.mutants import Mutant, seeded
from trio_agent.core.message import Message
from trio_agent.runtime import live
from trio_agent.runtime.live_text import LiveText
from trio_agent.runtime.session import Session

PIECE = "trio_agent.runtime.live._piece"
TEXT: list[Mutant] = []
LONG = 40

Places = dict[str, tuple[int, int]]
Piece = tuple[int, str] | None
_real_piece = live._piece


@seeded(TEXT, "deltas not voided", "trio_agent.runtime.hall.Session", "wrong text")
class KeepsDeltas(Session):
    """Goes on telling text when the message that holds it has come."""

    def _published(self, messages: Sequence[Message]) -> None:
        parts = dict(self.live.parts)
        super()._published(messages)
        self.live.parts.update(parts)


@seeded(TEXT, "offset reset within a text", PIECE, "wrong text")
def piece_from_zero(read: Places, name: str, text: LiveText, seen: Places) -> Piece:
    """Sends each piece as if it were the first."""
    piece = _real_piece(read, name, text, seen)
    return None if piece is None else (0, piece[1])


@seeded(TEXT, "offset in UTF-16 units", PIECE, "wrong text")
def piece_in_utf16(read: Places, name: str, text: LiveText, seen: Places) -> Piece:
    """Counts characters beyond U+FFFF twice."""
    piece = _real_piece(read, name, text, seen)
    if piece is None:
        return None
    before = text.since(text.start)[: piece[0] - text.start]
    return text.start + len(before.encode("utf-16-le")) // 2, piece[1]


@seeded(TEXT, "text only from now on", PIECE, "wrong text")
def piece_from_now(read: Places, name: str, text: LiveText, seen: Places) -> Piece:
    """Sends a newcomer what is written next, not what is there."""
    if name not in read:
        seen[name] = (text.edition, text.end)
        return None
    return _real_piece(read, name, text, seen)


@seeded(TEXT, "text begun anew unnoticed", PIECE, "wrong text")
def piece_of_any_edition(read: Places, name: str, text: LiveText, seen: Places) -> Piece:
    """Goes on at the old offset in a text that was begun anew."""
    known = {at: (text.edition, min(offset, text.end)) for at, (_, offset) in read.items()}
    return _real_piece(known, name, text, seen)


@seeded(TEXT, "text held back", PIECE, "late")
def piece_when_it_is_long(read: Places, name: str, text: LiveText, seen: Places) -> Piece:
    """Waits for more before it sends text."""
    known = read.get(name)
    piece = _real_piece(read, name, text, seen)
    if piece is not None and known is not None and known[0] == text.edition and len(piece[1]) < LONG:
        seen[name] = known
        return None
    return piece


@seeded(TEXT, "live tail at the wrong offset", PIECE, "wrong text")
def piece_of_the_tail(read: Places, name: str, text: LiveText, seen: Places) -> Piece:
    """Counts a running tool's output from what is kept of it."""
    piece = _real_piece(read, name, text, seen)
    return None if piece is None else (piece[0] - text.start, piece[1])
