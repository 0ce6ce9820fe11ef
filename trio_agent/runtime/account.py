"""What a session's messages add up to: usage, open tool calls, and whether a turn is still under way."""

from __future__ import annotations

from trio_agent.core.message import Message, ToolCall
from trio_agent.core.unfinished import Unfinished
from trio_agent.core.usage import CumulativeUsage


class Account:
    """Sees every message of a log once, in order. `created` is when the session was made, RFC 3339."""

    def __init__(self, created: str) -> None:
        self.usage = CumulativeUsage(start_time=created)
        self._unfinished = Unfinished()
        self._last_ending = -1

    def see(self, message: Message) -> None:
        self._unfinished.see(message)
        if message.type in ("error", "budget") or (message.type == "agent" and message.end_of_turn):
            self._last_ending = message.idx
        if message.usage is not None:
            self.usage = self.usage.plus(message.usage, tuple(call.name for call in message.tool_calls))

    @property
    def open_calls(self) -> tuple[ToolCall, ...]:
        """The calls without a result, in the order they were made."""
        return self._unfinished.calls()

    def in_turn(self, turn_from: int) -> bool:
        """Whether a turn has begun and not ended. `turn_from` is what the SessionRecord has of the last one."""
        return self._unfinished.in_turn or 0 < turn_from > self._last_ending
