from __future__ import annotations

import json
from typing import Any

import pytest

from tests.models.reading import answer_of, failure_of
from tests.standins.anthropic_server import answer_events
from trio_agent.core.usage import Usage
from trio_agent.models.anthropic import AnthropicWire
from trio_agent.models.anthropic_answer import AnswerReader


def reader_of(model: str = "claude-sonnet-5-5") -> AnswerReader:
    return AnthropicWire(model, "a key").reader()


def events_of(**answer: Any) -> list[dict[str, Any]]:
    return answer_events(answer, "claude-sonnet-5-5")


def block(index: int, kind: str, *deltas: dict[str, Any], **fields: Any) -> list[dict[str, Any]]:
    return [
        {"type": "content_block_start", "index": index, "content_block": {"type": kind, **fields}},
        *({"type": "content_block_delta", "index": index, "delta": delta} for delta in deltas),
        {"type": "content_block_stop", "index": index},
    ]


def text_delta(text: str) -> dict[str, Any]:
    return {"type": "text_delta", "text": text}


START = {"type": "message_start", "message": {}}


def end(reason: str | None = "end_turn", **delta: Any) -> list[dict[str, Any]]:
    return [{"type": "message_delta", "delta": {"stop_reason": reason, **delta}, "usage": {}}, {"type": "message_stop"}]


def test_an_error_event_ends_it_without_an_answer() -> None:
    events = events_of(text="one two")
    error = {"type": "error", "error": {"type": "overloaded_error", "message": "Overloaded"}}
    failure = failure_of(reader_of(), [*events[:5], error, *events[5:]], after="one two")
    assert failure.retry_after_s == 0
    assert "overloaded" in str(failure)


@pytest.mark.parametrize(
    ("events", "problem"),
    [
        ([{"type": "content_block_delta", "index": 0, "delta": text_delta("x")}], "never began"),
        ([{"no": "type"}], "type"),
        ([*events_of(text="x")[:5], {"type": "message_stop"}], "without a reason"),
    ],
)
def test_what_makes_no_sense_is_a_failure_worth_another_try(events: list[dict[str, Any]], problem: str) -> None:
    failure = failure_of(reader_of(), events)
    assert problem in str(failure)
    assert failure.retry_after_s == 0


def test_kinds_that_come_with_time_are_passed_over() -> None:
    events = events_of(text="hello")
    new = [
        {"type": "weather", "sunny": True},
        *block(7, "hologram", {"type": "light_delta", "light": 1}, {"type": "input_json_delta", "partial_json": "{"}),
        {"type": "content_block_delta", "index": 0, "delta": {"type": "scent_delta", "scent": "rose"}},
    ]
    answer = answer_of(reader_of(), [*events[:4], *new, *events[4:]])
    assert (answer.text, answer.tool_calls) == ("hello", ())


@pytest.mark.parametrize(
    ("reason", "stop_reason"),
    [
        ("end_turn", "end_turn"),
        ("stop_sequence", "end_turn"),
        ("max_tokens", "max_tokens"),
        ("model_context_window_exceeded", "max_tokens"),
        ("pause_turn", "max_tokens"),
        ("tired", "end_turn"),
    ],
)
def test_stop_reasons(reason: str, stop_reason: str) -> None:
    assert answer_of(reader_of(), events_of(text="x", stop_reason=reason)).stop_reason == stop_reason


def test_an_unknown_reason_to_stop_does_not_lose_tool_calls() -> None:
    answer = answer_of(reader_of(), events_of(tool_calls=[{"name": "x", "input": {}}], stop_reason="tired"))
    assert (answer.stop_reason, len(answer.tool_calls)) == ("tool_use", 1)


def test_a_refusal_says_why_and_calls_nothing() -> None:
    details = {"type": "refusal", "category": "cyber", "explanation": "Not this."}
    events = events_of(
        text="Sure.", tool_calls=[{"name": "x", "input": {}}], stop_reason="refusal", stop_details=details
    )
    answer = answer_of(reader_of(), events)
    assert (answer.stop_reason, answer.tool_calls) == ("refusal", ())
    assert answer.text == "Sure.\n\nThe model declined to answer (category: cyber). Not this."


def test_a_refusal_without_details_still_says_so() -> None:
    answer = answer_of(reader_of(), [START, *end("refusal")])
    assert answer.text == "The model declined to answer."


def test_a_call_cut_off_in_its_arguments_was_never_made() -> None:
    whole = block(0, "tool_use", {"type": "input_json_delta", "partial_json": "{}"}, id="a", name="x", input={})
    cut = block(1, "tool_use", {"type": "input_json_delta", "partial_json": '{"path": "a'}, id="b", name="x", input={})
    answer = answer_of(reader_of(), [START, *whole, *cut, *end("max_tokens")])
    assert [call.tool_call_id for call in answer.tool_calls] == ["a"]


def test_arguments_that_are_no_json_are_left_for_the_tool_to_refuse() -> None:
    broken = block(
        0, "tool_use", {"type": "input_json_delta", "partial_json": '{"path": a'}, id="b", name="x", input={}
    )
    answer = answer_of(reader_of(), [START, *broken, *end("tool_use")])
    assert answer.tool_calls[0].input == '{"path": a'


def test_arguments_that_come_at_once_are_taken() -> None:
    whole = block(0, "tool_use", id="b", name="x", input={"a": "é"})
    answer = answer_of(reader_of(), [START, *whole, *end("tool_use")])
    assert json.loads(answer.tool_calls[0].input) == {"a": "é"}


def test_text_after_a_tool_call_is_a_paragraph_of_its_own_and_is_streamed_so() -> None:
    events = [
        START,
        *block(0, "text", text_delta("one"), text="zero "),
        *block(1, "text", text_delta(" two")),
        *block(2, "tool_use", id="b", name="x", input={}),
        *block(3, "text", text_delta("three")),
        *end("tool_use"),
    ]
    assert answer_of(reader_of(), events).text == "zero one two\n\nthree"


def test_usage_is_what_the_last_event_says_and_what_it_leaves_out_stays() -> None:
    start = {"input_tokens": 5, "cache_creation_input_tokens": 7, "cache_read_input_tokens": None, "output_tokens": 1}
    events = [
        {"type": "message_start", "message": {"model": "claude-sonnet-5-5", "usage": start}},
        {"type": "message_delta", "delta": {}, "usage": {"output_tokens": 3, "input_tokens": None}},
        {
            "type": "message_delta",
            "delta": {"stop_reason": "end_turn"},
            "usage": {"output_tokens": 8, "cache_read_input_tokens": 9},
        },
        {"type": "message_stop"},
    ]
    answer = answer_of(reader_of(), events)
    usage = Usage(input_tokens=5, cache_creation_input_tokens=7, cache_read_input_tokens=9, output_tokens=8)
    assert answer.usage.costing(0) == usage
    assert answer.usage.cost_usd == pytest.approx((5 * 2 + 7 * 2.5 + 9 * 0.1 + 8 * 10) / 1e6)


def test_a_model_of_unknown_price_costs_nothing() -> None:
    answer = answer_of(reader_of("llama"), answer_events({"text": "x"}, "llama"))
    assert (answer.usage.output_tokens, answer.usage.cost_usd, answer.model) == (10, 0, "anthropic/llama")
