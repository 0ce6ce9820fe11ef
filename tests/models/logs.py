"""Logs as a session may leave them, whoever's model was at work: broken off anywhere, with calls that nobody would make."""

from __future__ import annotations

from typing import cast

from hypothesis import strategies as st

from trio_agent.core.message import Message, MessageType, ToolCall
from trio_agent.core.transcript import transcript
from trio_agent.seams import ModelRequest

PICTURES = {"b1": b"\x89PNG", "b2": b""}

_TEXTS = st.sampled_from(["", " ", "words", "more\n\nwords"])
_NAMES = st.sampled_from(["bash", "functions.bash:0", "", "ä" * 200])
_INPUTS = st.sampled_from(["{}", "", '{"a": ', "[1]", '{"command": "ls"}', '{"a":' * 2000])
_DISPLAYS = st.sampled_from(
    [None, *({"kind": "image", "blob": b, "media_type": "image/png"} for b in ("b1", "b2", "b3"))]
)


@st.composite
def requests(draw: st.DrawFn) -> ModelRequest:
    """What is asked after such a log, to which the user added a word. Each call has an id of its own, of any kind."""
    messages: list[Message] = []
    for number in range(draw(st.integers(0, 12))):
        match draw(st.sampled_from(["user", "agent", "tool", "auto", "error", "compact"])):
            case "agent":
                calls = tuple(
                    ToolCall(name=draw(_NAMES), input=draw(_INPUTS), tool_call_id=f"{draw(_NAMES)}-{number}-{i}")
                    for i in range(draw(st.integers(0, 3)))
                )
                messages.append(Message(type="agent", content=draw(_TEXTS), tool_calls=calls))
            case "tool":
                ids = [call.tool_call_id for message in messages for call in message.tool_calls] or ["none"]
                result = Message(
                    type="tool",
                    tool_call_id=draw(st.sampled_from(ids)),
                    tool_result=draw(_TEXTS),
                    tool_error=draw(st.booleans()),
                    display=draw(_DISPLAYS),
                )
                messages.append(result)
            case kind:
                display = draw(_DISPLAYS) if kind == "user" else None
                messages.append(Message(type=cast(MessageType, kind), content=draw(_TEXTS), display=display))
    messages.append(Message(type="user", content="and now?"))
    return ModelRequest(system="s", turns=transcript(messages), images=PICTURES)
