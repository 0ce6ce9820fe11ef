"""A Sheet that is no terminal: the conversation as text on stdout, what becomes of the connection on stderr."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TextIO

from trio_agent.terminal.conversation import Piece
from trio_agent.terminal.sheet import Below


class Plain:
    """Every piece leaves at once, so that a program at the other end reads along."""

    def __init__(self, out: TextIO) -> None:
        self._out = out
        self._at_line_start = True

    def add(self, pieces: Iterable[Piece]) -> None:
        text = "".join(piece.text for piece in pieces)
        if text:
            self._out.write(text)
            self._out.flush()
            self._at_line_start = text.endswith("\n")

    def paint(self, below: Below) -> None:
        """Nothing here changes once it is said."""

    def resume(self) -> None:
        """What is written stays."""

    def close(self) -> None:
        if not self._at_line_start:
            self._out.write("\n")
        self._out.flush()
