"""LiveText: one text while it grows, cheap to add to and cheap to read the end of.

It is kept in pieces. Joined into one string it would be copied whole with every word, which for a long answer is the square of
its length, paid on the event loop.
"""

from __future__ import annotations

from bisect import bisect_right


class LiveText:
    """A text that grows. `edition` tells one text from the next of the same name. Offsets count Unicode code points.

    With `tail_chars`, only so much of its end is kept.
    """

    def __init__(self, edition: int, tail_chars: int | None = None) -> None:
        self.edition = edition
        self.end = 0
        self._tail_chars = tail_chars
        self._pieces: list[str] = []
        self._begins: list[int] = []

    @property
    def start(self) -> int:
        """Where what is kept begins."""
        if not self._begins:
            return self.end
        return self._begins[0] if self._tail_chars is None else max(self._begins[0], self.end - self._tail_chars)

    @property
    def kept_chars(self) -> int:
        """How much is held in memory."""
        return self.end - self._begins[0] if self._begins else 0

    def add(self, piece: str) -> None:
        if not piece:
            return
        self._pieces.append(piece)
        self._begins.append(self.end)
        self.end += len(piece)
        if self._tail_chars is not None and self.kept_chars > 2 * self._tail_chars:
            # Dropped when as much again has come, so that the cost of moving the rest is paid seldom.
            start = self.start
            self._pieces, self._begins = [self.since(start)], [start]

    def since(self, offset: int) -> str:
        """What follows `offset`, which is not before `start`."""
        if offset >= self.end:
            return ""
        first = bisect_right(self._begins, offset) - 1
        return "".join(self._pieces[first:])[offset - self._begins[first] :]
