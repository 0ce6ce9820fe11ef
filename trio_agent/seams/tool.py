"""What a model can do, and what a running tool may touch. Part of the seams."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, Protocol

import msgspec

from trio_agent.core.state import TodoItem
from trio_agent.seams.model import ToolSpec


class ToolResult(msgspec.Struct, frozen=True, kw_only=True):
    """What a tool did: `text` for the model, `display` for people (an object with a `kind`), `error` where it failed."""

    text: str
    error: bool = False
    display: dict[str, Any] | None = None


class Toolbench(Protocol):
    """What a running tool may touch of its session."""

    @property
    def workspace(self) -> Path:
        """The directory the tool works in, absolute and resolved."""
        ...

    def emit(self, text: str) -> None:
        """Show output while the tool runs. Any size; only the end is kept for people who come late."""
        ...

    @property
    def cancel_reason(self) -> str:
        """Why a user stops this call, or the turn it belongs to; empty while nobody does."""
        ...

    async def note(self, text: str) -> None:
        """Put an `auto` message of `text` into the log."""
        ...

    async def keep(self, data: bytes) -> str:
        """Keep bytes that are too large for a message, or no text; the id of the blob, for a `display` to name.

        Of text, secrets are the caller's to take out first.
        """
        ...

    async def ask(self, question: str, options: Sequence[str] = ()) -> str:
        """Ask the user, and wait for the answer: one of `options`, or any other words.

        One question at a time: others wait their turn. The time it takes is not counted against the budget.
        """
        ...

    def set_todo(self, items: tuple[TodoItem, ...]) -> None:
        """Replace the agent's list of things to do, which clients see in the State."""
        ...


class Tool(Protocol):
    """Something a model can do."""

    @property
    def spec(self) -> ToolSpec: ...

    async def run(self, input: bytes, bench: Toolbench) -> ToolResult:
        """Do it. `input` is JSON of the model's making, valid or not.

        Raises ToolError for what the model should hear of. Cancelling stops the work and leaves nothing running.
        """
        ...
