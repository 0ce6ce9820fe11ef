"""What of a log is still open: is a turn under way, and which tool calls have no result."""

from __future__ import annotations

import msgspec

from trio_agent.core.display import StoppedBy, stopped_display
from trio_agent.core.message import Message, ToolCall


class OpenCall(msgspec.Struct, frozen=True):
    """A call without a result, and the conversation in which it was made."""

    call: ToolCall
    conversation_id: str = ""
    parent_conversation_id: str = ""

    def closed(self, why: str, by: StoppedBy) -> Message:
        """The result that says why there is none, and by what."""
        return Message(
            type="tool",
            tool_name=self.call.name,
            input=self.call.input,
            tool_call_id=self.call.tool_call_id,
            tool_result=why,
            tool_error=True,
            display=stopped_display(by),
            conversation_id=self.conversation_id,
            parent_conversation_id=self.parent_conversation_id,
        )


class Unfinished:
    """Sees every message of a log in order and knows what is open after the last.

    Conversations of sub-agents stand in the same log: each has open calls of its own, and none begins or ends a turn.
    """

    def __init__(self) -> None:
        self.in_turn = False
        self._calls: dict[str, dict[str, OpenCall]] = {}

    def see(self, message: Message) -> None:
        is_root = not message.parent_conversation_id
        match message.type:
            case "user":
                self.in_turn = self.in_turn or is_root
            case "agent":
                if is_root:
                    self.in_turn = not message.end_of_turn
                self._ask(message)
            case "tool":
                self._tell(message)
            case "error" | "budget":
                self.in_turn = self.in_turn and not is_root
            case "auto" | "commit" | "compact":
                pass  # told in passing; neither begins nor ends a turn

    def calls(self) -> tuple[OpenCall, ...]:
        """The calls without a result, in the order they were made; those of a sub-agent before the call that made it."""
        return tuple(call for calls in reversed(self._calls.values()) for call in calls.values())

    def _ask(self, message: Message) -> None:
        within = message.conversation_id, message.parent_conversation_id
        # Out of its old place: a conversation that goes on after those of its sub-agents have ended is no older than they.
        self._calls.pop(message.conversation_id, None)
        if message.tool_calls:
            self._calls[message.conversation_id] = {
                call.tool_call_id: OpenCall(call, *within) for call in message.tool_calls
            }

    def _tell(self, message: Message) -> None:
        calls = self._calls.get(message.conversation_id, {})
        calls.pop(message.tool_call_id, None)
        if not calls:
            self._calls.pop(message.conversation_id, None)
