"""Every wire against streams that no provider would send: a reader never raises, and what is broken is never an answer."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.standins.anthropic_server import answer_events
from tests.standins.gemini_chunks import answer_chunks
from tests.standins.openai_events import chat_chunks, response_events
from trio_agent.models.anthropic import AnthropicWire
from trio_agent.models.gemini import GeminiWire
from trio_agent.models.openai import ChatWire, ResponsesWire
from trio_agent.models.wire import Reader, Wire

WHOLE: dict[str, Any] = {
    "thinking": "Let me see",
    "text": "I look around.",
    "tool_calls": [{"name": "bash", "input": {"command": "ls"}}, {"name": "todo", "input": {}}],
}


def texts(events: list[Any]) -> list[str]:
    return [event if isinstance(event, str) else json.dumps(event) for event in events]


WIRES: dict[str, tuple[Wire, list[str]]] = {
    "anthropic": (AnthropicWire("m", "k"), texts(answer_events(WHOLE, "m"))),
    "gemini": (GeminiWire("m", "k"), texts(answer_chunks(WHOLE, "m", 1))),
    "responses": (ResponsesWire("m", "k"), texts(response_events(WHOLE, "m"))),
    "chat": (ChatWire("m", "k"), texts(list(chat_chunks(WHOLE, "m")))),
}
EACH = pytest.mark.parametrize("name", WIRES)

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=6,
)


def read(wire: Wire, events: list[str]) -> Reader:
    """Checked on the way: what was said is in the answer, and after an end nothing is said."""
    reader = wire.reader()
    said = {"content": "", "thinking": ""}
    for event in events:
        over = reader.answer is not None or reader.failure is not None
        news = reader.feed(event)
        assert not (over and news)
        for part, text in news:
            said[part] += text
    assert reader.answer is None or reader.failure is None
    if reader.answer is not None:
        assert said == {"content": reader.answer.text, "thinking": reader.answer.thinking}
        assert reader.answer.usage == reader.usage
    return reader


@EACH
def test_the_streams_are_answers_as_they_are(name: str) -> None:
    answer = read(*WIRES[name]).answer
    assert answer is not None
    assert (answer.text, answer.thinking, len(answer.tool_calls)) == (WHOLE["text"], WHOLE["thinking"], 2)


@EACH
@given(data=st.text() | JSON.map(json.dumps))
def test_anything_may_come(name: str, data: str) -> None:
    assert read(WIRES[name][0], [data]).answer is None


def _changed(value: Any, draw: st.DrawFn) -> Any:
    """`value` with one thing in it replaced, dropped or doubled."""
    if isinstance(value, dict) and value and draw(st.integers(0, 3)):
        key = draw(st.sampled_from(sorted(value)))
        match draw(st.integers(0, 3)):
            case 0:
                return {each: value[each] for each in value if each != key}
            case _:
                return {**value, key: _changed(value[key], draw)}
    if isinstance(value, list) and value and draw(st.integers(0, 3)):
        index = draw(st.integers(0, len(value) - 1))
        return [*value[:index], _changed(value[index], draw), *value[index:]]
    return draw(JSON)


@EACH
@given(data=st.data())
def test_an_event_may_be_changed_anywhere(name: str, data: st.DataObject) -> None:
    wire, events = WIRES[name]
    index = data.draw(st.integers(0, len(events) - 1))
    changed = data.draw(st.composite(lambda draw: _changed(_parsed(events[index]), draw))())
    read(wire, [*events[:index], json.dumps(changed), *events[index + 1 :]])


@EACH
@given(data=st.data())
def test_events_may_be_lost_doubled_and_out_of_order(name: str, data: st.DataObject) -> None:
    wire, events = WIRES[name]
    read(wire, data.draw(st.lists(st.sampled_from(events), max_size=2 * len(events))))


def _parsed(event: str) -> Any:
    return json.loads(event) if event.startswith("{") else event
