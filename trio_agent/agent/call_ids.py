"""Tool calls as a model made them, and as this program, its clients and every provider can take them.

A model's output is nobody's promise: servers number calls from 0 in every answer or not at all, a name can hold anything, the
arguments can be without end. What is recorded is sent to providers again with every request, and one bad call in it would have
all of them refused: so it is mended before it is recorded.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

import msgspec

from trio_agent.core.message import Message, ToolCall

MAX_NAME_CHARS = 64  # the least of what the providers allow for a tool's name and for a call's id
MAX_INPUT_CHARS = 4 * 1024 * 1024  # of all calls of one answer; far more than the longest answer of any model

_UNFIT = re.compile(r"[^A-Za-z0-9_-]")


class CallIds:
    """The ids that calls of one session have had; `history` is its log so far."""

    def __init__(self, history: Iterable[Message]) -> None:
        self._taken = {call.tool_call_id for message in history for call in message.tool_calls}
        self._numbers: dict[str, int] = {}

    def mended(self, calls: Sequence[ToolCall]) -> tuple[ToolCall, ...]:
        """`calls` under ids that no call of this session has had: results, and a user's stop button, go by them."""
        room = MAX_INPUT_CHARS
        mended = []
        for call in calls:
            input = _cut(call.input, room)
            room = max(0, room - len(input))
            id = self._distinct(_fit(call.tool_call_id) or "call")
            mended.append(
                msgspec.structs.replace(call, name=_fit(call.name) or "unnamed", input=input, tool_call_id=id)
            )
        return tuple(mended)

    def _distinct(self, id: str) -> str:
        name, number = id, self._numbers.get(id, 1)
        while name in self._taken:
            number += 1
            suffix = f"-{number}"
            name = id[: MAX_NAME_CHARS - len(suffix)] + suffix
        # Where the search ended it goes on, or ten thousand calls under one id would take the square of that.
        self._numbers[id] = number
        self._taken.add(name)
        return name


def _fit(name: str) -> str:
    return _UNFIT.sub("_", name[:MAX_NAME_CHARS])


def _cut(input: str, room: int) -> str:
    """`input`, or its beginning with words that make it no JSON: a tool must not run with half of its arguments."""
    if len(input) <= room:
        return input
    return f"{input[:1000]}… [cut off: {len(input)} characters are more than a tool can be given]"
