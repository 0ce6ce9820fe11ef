"""What users have said that no turn has taken up yet."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import takewhile

from trio_agent.core.message import Message
from trio_agent.core.prompts import Waiting, When, is_queued


class Prompts:
    """User messages in the order of the log. Those on hold wait for the next one instead of being answered at once.

    One that is being withdrawn is given to nobody, and is no message of the past yet either.
    """

    def __init__(self) -> None:
        self._messages: list[Message] = []
        self._leaving: list[Message] = []
        self._held_to = -1
        self._given_to = 0

    @property
    def taken(self) -> int:
        """The place in the log before which no message waits: all there were given out, are on hold, or were never here."""
        waiting = (message.idx for message in self._messages if message.idx > self._held_to)
        return min(self._given_to, next(waiting, self._given_to))

    def begin(self, count: int) -> None:
        """The first `count` messages of the log are of a process before this one."""
        self._given_to = count

    def add(self, message: Message) -> None:
        self._messages.append(message)

    @property
    def ready(self) -> bool:
        """Whether one came after what is on hold."""
        return bool(self._messages) and self._messages[-1].idx > self._held_to

    @property
    def indices(self) -> frozenset[int]:
        return frozenset(message.idx for message in (*self._messages, *self._leaving))

    @property
    def waiting(self) -> tuple[Waiting, ...]:
        """What waits, and for what, in the order of the log."""
        return tuple(Waiting(idx=message.idx, when=self._when(message)) for message in self._messages)

    def _when(self, message: Message) -> When:
        if message.idx <= self._held_to:
            return "next_message"
        return "after_turn" if is_queued(message) else "next_step"

    def hold(self) -> None:
        """Answer what is here only together with what comes: it was cancelled, or nobody was there to answer it."""
        if self._messages:
            self._held_to = self._messages[-1].idx
            self._given_to = self._held_to + 1

    def give_back(self, messages: Sequence[Message]) -> None:
        """What was taken last was not taken up, because the turn was cancelled before it began: it is on hold again."""
        if messages:
            self._messages = [*messages, *self._messages]
            self._held_to = messages[-1].idx

    def take(self, until: Callable[[Message], bool] = lambda message: False) -> tuple[Message, ...]:
        """All of them, those on hold too, or those before the first that is `until`; each is given out once."""
        taken = tuple(takewhile(lambda message: not until(message), self._messages))
        del self._messages[: len(taken)]
        self._gave(taken)
        return taken

    def take_now(self, until: Callable[[Message], bool] = lambda message: False) -> tuple[Message, ...]:
        """Those for the turn that runs, up to the first that is `until`: not those which are queued for after it."""
        stretch = tuple(takewhile(lambda message: not until(message), self._messages))
        taken = tuple(message for message in stretch if not is_queued(message))
        self._messages = [message for message in self._messages if message not in taken]
        self._gave(taken)
        return taken

    def take_reply(self, after: int) -> Message | None:
        """The first that stands after the index `after`, out of turn: what waited before it goes on waiting."""
        replies = (message for message in self._messages if message.idx > after and not is_queued(message))
        reply = next(replies, None)
        if reply is not None:
            self._messages.remove(reply)
            self._gave((reply,))
        return reply

    def begin_withdrawal(self, idx: int) -> Message | None:
        """Keep the message `idx` from being given out, until it is withdrawn or is back; None where it does not wait."""
        message = next((message for message in self._messages if message.idx == idx), None)
        if message is not None:
            self._messages.remove(message)
            self._leaving.append(message)
        return message

    def end_withdrawal(self, message: Message, *, done: bool) -> None:
        """It never comes back; or, not `done`, it waits as before."""
        self._leaving.remove(message)
        if done:
            self._gave((message,))
        else:
            self._messages = sorted([*self._messages, message], key=lambda each: each.idx)

    def _gave(self, messages: Sequence[Message]) -> None:
        if messages:
            self._given_to = max(self._given_to, messages[-1].idx + 1)
