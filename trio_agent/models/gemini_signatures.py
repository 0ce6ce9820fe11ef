"""What Gemini's models signed their tool calls with, for as long as the program runs.

Source: https://ai.google.dev/gemini-api/docs/thought-signatures. A signature holds, sealed, what the model thought before it
called. Newer models refuse a conversation in which the first call of an answer comes back without one. The log has no place
for it, and it means nothing to any other model: it is remembered here. What is asked for in vain was called by another model,
or before a restart; for such calls the provider has documented a word to put in its place.
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping

from trio_agent.core.message import ToolCall
from trio_agent.models.calls import safe_id

UNSIGNED = "skip_thought_signature_validator"

# Some are tens of kilobytes long. Only those of calls since the user's last words are insisted on.
MAX_REMEMBERED = 500


class Signatures:
    """By the whole call, not its id: where ids repeat, a call is never sent with the signature of another."""

    def __init__(self) -> None:
        self._signatures: dict[ToolCall, str] = {}

    def id_of(self, given: str | None, signature: str | None) -> str:
        """The id for a call that came as `given`: that, unless it would have to be mended, and the call not be known any more.

        Some servers number the calls of every answer from 0, or not at all.
        """
        others = (call.tool_call_id for call, known in self._signatures.items() if known != signature)
        if given and safe_id(given) == given and given not in others:
            return given
        return f"call_{secrets.token_hex(12)}"

    def get(self, call: ToolCall) -> str:
        """What `call` was signed with; empty where it was not, or where that is forgotten."""
        return self._signatures.get(call, "")

    def remember(self, signed: Mapping[ToolCall, str]) -> None:
        """The oldest are forgotten where there are too many."""
        self._signatures.update(signed)
        for call in list(self._signatures)[:-MAX_REMEMBERED]:
            del self._signatures[call]

    def forget(self) -> bool:
        """The provider no longer accepts them. Returns whether there were any."""
        known = bool(self._signatures)
        self._signatures.clear()
        return known
