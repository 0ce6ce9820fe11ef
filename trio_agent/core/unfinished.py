"""What of a log is still open: is a turn under way, and which tool calls have no result."""

from __future__ import annotations

from trio_agent.core.message import Message, ToolCall


class Unfinished:
    """Sees every message of a log in order and knows what is open after the last."""

    def __init__(self) -> None:
        self.in_turn = False
        self._calls: dict[str, ToolCall] = {}

    def see(self, message: Message) -> None:
        match message.type:
            case "user":
                self.in_turn = True
            case "agent":
                self.in_turn = not message.end_of_turn
                self._calls = {call.tool_call_id: call for call in message.tool_calls}
            case "tool":
                self._calls.pop(message.tool_call_id, None)
            case "error" | "budget":
                self.in_turn = False
            case "auto" | "commit" | "compact":
                pass  # told in passing; neither begins nor ends a turn

    def calls(self) -> tuple[ToolCall, ...]:
        """The calls without a result, in the order they were made."""
        return tuple(self._calls.values())
