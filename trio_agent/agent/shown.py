"""Shown: the end of what a tool has shown while it ran."""

from __future__ import annotations

MAX_CHARS = 16 * 1024
"""As much as a client is shown of a running tool: what the model is told of a cancelled one is what the user saw."""


class Shown:
    def __init__(self) -> None:
        self._pieces: list[str] = []
        self._chars = 0

    @property
    def text(self) -> str:
        """The last MAX_CHARS characters."""
        return "".join(self._pieces)[-MAX_CHARS:]

    def add(self, text: str) -> None:
        self._pieces.append(text[-MAX_CHARS:])
        self._chars += len(self._pieces[-1])
        if self._chars > 2 * MAX_CHARS:
            # Dropped when as much again has come, so that the cost of joining is paid seldom.
            self._pieces = [self.text]
            self._chars = len(self._pieces[0])
