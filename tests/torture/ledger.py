"""What the oracle knows so far: of each log, of each connection, of each screen."""

from __future__ import annotations

from dataclasses import dataclass, field

from tests.torture import history as h
from tests.torture.bounds import Passage, Text
from trio_agent.core.cursor import FIRST_TAG


@dataclass(slots=True)
class Log:
    """The chain as it is durable now, and all that ever was."""

    chain: list[h.Stored] = field(default_factory=list)
    first: int = 0
    """The number of the first message that is kept."""
    keys: dict[str, int] = field(default_factory=dict)
    acknowledged: dict[int, h.Acknowledged] = field(default_factory=dict)
    seen: dict[int, str] = field(default_factory=dict)
    """The cursor after each message that somebody was shown, by its number."""
    writing: dict[str, str] = field(default_factory=dict)
    texts: dict[tuple[int, str], list[str]] = field(default_factory=dict)
    """What was ever written for a part of message n: the longest of each text."""
    written: list[Text] = field(default_factory=list)
    outputs: dict[str, str] = field(default_factory=dict)

    def tag(self, count: int) -> str:
        return FIRST_TAG if count == 0 else self.chain[count - 1].cursor.rpartition(".")[2]

    def holds(self, index: int, cursor: str) -> bool:
        return index < len(self.chain) and self.chain[index].cursor == cursor

    def void(self, at: float, part: str = "") -> None:
        """What was written, of one part or of all, is told no more: it was begun anew, or its message's number is another."""
        for text in self.written:
            if text.void_at > at and part in ("", text.part):
                text.void_at = at

    def grow(self, part: str, text: str) -> None:
        texts = self.texts.setdefault((len(self.chain), part), [])
        if texts and text.startswith(texts[-1]):
            texts[-1] = text
        else:
            texts.append(text)


@dataclass(slots=True)
class Connection:
    client: int
    log: str = ""
    due: int = 0
    """The number of the message that must come next."""
    cursor: str = ""
    sent: set[int] = field(default_factory=set)
    lengths: dict[tuple[int, str], int] = field(default_factory=dict)
    state: int | None = None
    stopping_at: float | None = None
    said_bye: bool = False
    ended: bool = False
    passage: Passage = field(default_factory=Passage)


@dataclass(slots=True)
class Screen:
    log: str = ""
    count: int = 0
    tag: str = ""
    """Of the last message; empty where it is not known, for the client joined in the middle."""
    cursor: str = ""
    texts: dict[str, str] = field(default_factory=dict)
    connection: int = -1
