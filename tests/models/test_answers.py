"""What must hold of every wire's reader of answers, event by event."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.models.languages import EACH, LANGUAGES, Language
from tests.models.reading import answer_of, failure_of, read

CALLS = [{"name": "bash", "input": {"command": "ls é"}}, {"name": "todo", "input": {}}]
THOUGHT: dict[str, Any] = {"thinking": "Let me see.", "text": "I look\naround.", "tool_calls": CALLS}


@pytest.mark.parametrize(
    ("name", "ids"),
    [
        ("anthropic", ["toolu_1_0", "toolu_1_1"]),
        ("responses", ["call_1_2", "call_1_3"]),
        ("chat", ["call_1_0", "call_1_1"]),
        ("gemini", ["fc10", "fc11"]),
    ],
)
def test_thinking_text_and_tool_calls_make_an_answer(name: str, ids: list[str]) -> None:
    wire = LANGUAGES[name].wire
    answer = answer_of(wire.reader(), LANGUAGES[name].events(**THOUGHT))
    assert (answer.text, answer.thinking) == ("I look\naround.", "Let me see.")
    assert [(call.name, json.loads(call.input)) for call in answer.tool_calls] == [
        ("bash", {"command": "ls é"}),
        ("todo", {}),
    ]
    assert [call.tool_call_id for call in answer.tool_calls] == ids
    assert (answer.stop_reason, answer.model) == ("tool_use", wire.endpoint.name)


@EACH
def test_no_beginning_of_a_stream_is_an_answer(language: Language) -> None:
    events = language.events(**THOUGHT)
    for length in range(len(events)):
        reader, _ = read(language.wire.reader(), events[:length])
        assert (reader.answer, reader.failure) == (None, None)
    assert read(language.wire.reader(), events)[0].answer is not None


DEEP = "[" * 100_000 + "]" * 100_000
NO_EVENTS = ["", "{", "[]", "5", "null", "DONE", '{"a":' * 9999, f'{{"x":{DEEP}}}']
NO_EVENTS_OF = {
    "anthropic": ['{"type": 5}', '{"type":"\\ud800"}', "[DONE]"],
    "responses": ['{"type": 5}', '{"type":"\\ud800"}', "[DONE]"],
    "chat": ['{"choices": 5}', '{"model":"\\ud800"}'],
    "gemini": ['{"candidates": 5}', '{"modelVersion":"\\ud800"}', "[DONE]"],
}


@pytest.mark.parametrize(
    ("name", "data"),
    [(name, data) for name in LANGUAGES for data in [*NO_EVENTS, *NO_EVENTS_OF[name]]],
    ids=lambda value: value[:20],
)
def test_data_that_is_no_event_is_a_failure_worth_another_try(name: str, data: str) -> None:
    failure = failure_of(LANGUAGES[name].wire.reader(), [data])
    assert failure.retry_after_s == 0
    assert "makes no sense" in str(failure)


@EACH
def test_after_the_end_nothing_counts(language: Language) -> None:
    # Whatever the wire, this is how it tells of an error.
    error = {"type": "error", "error": {"message": "z"}, "message": "z"}
    events = [*language.events(text="x"), *language.events(text="y"), error]
    reader, said = read(language.wire.reader(), events)
    assert said["content"] == "x"
    assert reader.failure is None
    assert read(language.wire.reader(), [error])[0].failure is not None
