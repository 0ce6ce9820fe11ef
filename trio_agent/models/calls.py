"""Tool calls as every provider takes them back, whoever made them: in a session the model can be switched, and a model can
write anything."""

from __future__ import annotations

import hashlib
import re
from typing import Any

import msgspec

from trio_agent.core.message import ToolCall

# The narrowest of the providers' rules. Some servers write `functions.bash:0`, which others refuse the whole request for.
_SAFE = re.compile(r"[A-Za-z0-9_-]{1,64}\Z")
_UNSAFE_CHARACTER = re.compile(r"[^A-Za-z0-9_-]")


def safe_id(id: str) -> str:
    """`id` if any provider takes it, else another that stands for it: always the same, and for no other."""
    return id if _SAFE.match(id) else f"call_{hashlib.sha256(id.encode()).hexdigest()[:32]}"


def safe_name(name: str) -> str:
    """`name` as near as a provider takes it. Tools have such names; models may call for others."""
    return _UNSAFE_CHARACTER.sub("_", name)[:64] or "_"


def _is_json(text: str) -> bool:
    """Whether a call's input is whole, as far as that can be seen."""
    try:
        msgspec.json.decode(text)
    except (msgspec.DecodeError, RecursionError):
        return False
    return True


def uncut(calls: list[ToolCall]) -> list[ToolCall]:
    """The calls of an answer that was cut off: without a last one in the middle of its arguments.

    The model must not be told that it called this.
    """
    return calls if not calls or _is_json(calls[-1].input) else calls[:-1]


def input_object(text: str) -> dict[str, Any]:
    """`text` as the object that a call's input must be. What was no object stays visible as the value of `invalid`."""
    try:
        value = msgspec.json.decode(text or "{}")
    except (msgspec.DecodeError, RecursionError):
        value = None
    return value if isinstance(value, dict) else {"invalid": text}
