"""What a session's messages add up to: usage, open tool calls, and whether a turn is still under way."""

from __future__ import annotations

from trio_agent.core.message import Message
from trio_agent.core.unfinished import OpenCall, Unfinished
from trio_agent.core.usage import CumulativeUsage


class Account:
    """Sees every message of a log once, in order. `created` is when the session was made, RFC 3339.

    `last` is when its last message was recorded; `created` where there is none.
    """

    def __init__(self, created: str) -> None:
        self.usage = CumulativeUsage(start_time=created)
        self.last = created
        self._unfinished = Unfinished()
        self._count = 0
        self._last_ending = -1
        self._last_words = -1

    def see(self, message: Message) -> None:
        self._unfinished.see(message)
        self._count = message.idx + 1
        self.last = message.timestamp or self.last
        # What a sub-agent says or is told neither ends a turn nor waits for one.
        if not message.parent_conversation_id:
            if message.type == "budget" or (message.type == "agent" and message.end_of_turn):
                self._last_ending = message.idx
            elif message.type == "user":
                self._last_words = message.idx
        if message.usage is not None:
            self.usage = self.usage.plus(message.usage, tuple(call.name for call in message.tool_calls))

    @property
    def open_calls(self) -> tuple[OpenCall, ...]:
        """The calls without a result, in the order they were made; those of a sub-agent before the call that made it."""
        return self._unfinished.calls()

    def in_turn(self, turn_from: int, taken: int) -> bool:
        """Whether a turn has begun and not ended, or words of the user's wait for one.

        `turn_from` and `taken` are what the SessionRecord has. The log alone cannot tell: an error may be told in the middle
        of a turn as well as at its end, and an answer may stand after words that it does not answer.
        """
        if not 0 < taken <= self._count:
            return self._unfinished.in_turn  # nothing was noted of this log
        return self._last_words >= taken or 0 < turn_from > self._last_ending
