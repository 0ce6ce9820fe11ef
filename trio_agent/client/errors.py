"""What a client can run into that trying again does not mend."""

from __future__ import annotations

from trio_agent.core.errors import TrioAgentError


class Refused(TrioAgentError):
    """The server answered, and the answer was no. `status` is HTTP's; the text is fit for the user."""

    def __init__(self, message: str, status: int) -> None:
        super().__init__(message)
        self.status = status


class Unreachable(TrioAgentError):
    """The server gave no answer to something that must not be asked twice."""
