"""A text that comes in pieces."""

from __future__ import annotations

import io


class Pieces:
    """Grows at the cost of the piece alone, however many there are: a string would be copied whole with each of them."""

    def __init__(self, text: str = "") -> None:
        self._text = io.StringIO(newline="")  # as it is: no line's end is made another
        self._text.write(text)

    def __len__(self) -> int:
        return self._text.tell()

    def __str__(self) -> str:
        return self._text.getvalue()

    def add(self, text: str) -> None:
        self._text.write(text)
