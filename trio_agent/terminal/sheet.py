"""What a conversation is told on: a terminal, or a file."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Protocol

from trio_agent.terminal.conversation import Piece


@dataclass(frozen=True, slots=True)
class Below:
    """The rows below the conversation, which change. `status` is a style and the words; `tools` run; `pending` is on its way.

    `typed` is what stands before and after the cursor; None where nothing can be typed.
    """

    status: tuple[str, str] = ("", "")
    tools: Sequence[str] = ()
    pending: Sequence[str] = ()
    typed: tuple[str, str] | None = None


class Sheet(Protocol):
    """Raises OSError where it is gone."""

    def add(self, pieces: Iterable[Piece]) -> None:
        """Add to the conversation, now or with the next `paint`."""
        ...

    def paint(self, below: Below) -> None:
        """Make what is shown true."""
        ...

    def resume(self) -> None:
        """Somebody else wrote on the terminal meanwhile: the next `paint` begins below that."""
        ...

    def close(self) -> None:
        """Show what is left of the conversation, and leave the terminal as it was found."""
        ...
