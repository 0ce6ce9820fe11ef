"""What users have said that no turn has taken up yet."""

from __future__ import annotations

from trio_agent.core.message import Message


class Prompts:
    """User messages in the order of the log. Those on hold wait for the next one instead of being answered at once."""

    def __init__(self) -> None:
        self._messages: list[Message] = []
        self._held_to = -1
        self.taken = 0
        """The place in the log after the last message that was given out, is on hold, or is of a process before this one."""

    def add(self, message: Message) -> None:
        self._messages.append(message)

    @property
    def ready(self) -> bool:
        """Whether one came after what is on hold."""
        return bool(self._messages) and self._messages[-1].idx > self._held_to

    @property
    def indices(self) -> frozenset[int]:
        return frozenset(message.idx for message in self._messages)

    def hold(self) -> None:
        """Answer what is here only together with what comes: it was cancelled, or nobody was there to answer it."""
        if self._messages:
            self._held_to = self._messages[-1].idx
            self.taken = self._held_to + 1

    def take(self) -> tuple[Message, ...]:
        """All of them, those on hold too; each is given out once."""
        taken, self._messages = tuple(self._messages), []
        if taken:
            self.taken = taken[-1].idx + 1
        return taken
