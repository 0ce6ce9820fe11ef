"""Stop: why something that runs is being stopped, in words for the model and for people."""

from __future__ import annotations

from dataclasses import dataclass

from trio_agent.core.budget import Whose
from trio_agent.core.display import StoppedBy

BROKEN_OFF = "the turn was broken off"


@dataclass(frozen=True, slots=True)
class Stop:
    """`cancelled` is a user's reason, empty where no user did it; `over` says whose budget was reached, None where none was.

    Where neither holds, the program or a sibling broke down.
    """

    cancelled: str = ""
    over: Whose | None = None

    @property
    def by(self) -> StoppedBy:
        if self.cancelled:
            return "user"
        return "budget" if self.over else "failure"

    @property
    def why(self) -> str:
        """Goes on from "cut off:"."""
        if self.cancelled:
            return f"cancelled by the user: {self.cancelled}"
        return f"the budget of this {self.over} was reached" if self.over else BROKEN_OFF

    def told(self, *, begun: bool = True) -> str:
        """The result of a tool call that was stopped, or was not begun at all."""
        if self.cancelled:
            return f"Cancelled before it {'finished' if begun else 'began'}: {self.cancelled}"
        return f"{'Not finished' if begun else 'Not run'}: {self.why}."
