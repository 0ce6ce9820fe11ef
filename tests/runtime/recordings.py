"""Logs as `export` writes them, for tests of what plays them."""

from __future__ import annotations

import io
from collections.abc import Sequence

import msgspec

from trio_agent.core.message import Message, ToolCall
from trio_agent.core.usage import Usage
from trio_agent.core.wire import encode_json
from trio_agent.runtime.recording import Recording, read_recording
from trio_agent.seams import rfc3339

BEGUN = 1_795_000_000.0

CALL = ToolCall(name="bash", input='{"command":"true"}', tool_call_id="call-1")
TURN = (
    Message(type="user", content="run the tests\nall of them"),
    Message(
        type="agent", content="At once.", tool_calls=(CALL,), usage=Usage(output_tokens=7, cost_usd=0.5), model="demo"
    ),
    Message(type="tool", tool_name="bash", input=CALL.input, tool_call_id=CALL.tool_call_id, tool_result="ok"),
    Message(type="agent", content="They pass. 🐛", end_of_turn=True, usage=Usage(input_tokens=3), model="demo"),
)


def lines(messages: Sequence[Message], times: Sequence[float] = ()) -> list[bytes]:
    """The messages as they stand in a log; `times` are seconds after the first, by default one between two."""
    when = times or range(len(messages))
    return [
        encode_json(msgspec.structs.replace(message, idx=idx, timestamp=rfc3339(BEGUN + at), conversation_id="c"))
        for idx, (message, at) in enumerate(zip(messages, when, strict=True))
    ]


def recording_of(messages: Sequence[Message], times: Sequence[float] = ()) -> Recording:
    return read_recording("log.jsonl", io.BytesIO(b"\n".join(lines(messages, times)) + b"\n"))


def numbered(count: int, size: int = 1) -> list[Message]:
    return [Message(content=f"{number} " + "x" * size) for number in range(count)]
