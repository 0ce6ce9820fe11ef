from __future__ import annotations

from typing import Any

import pytest

from tests.models.reading import answer_of, failure_of, read
from tests.standins.openai_events import response_events
from trio_agent.core.usage import Usage
from trio_agent.models.openai import ResponsesWire
from trio_agent.models.responses_answer import AnswerReader


def reader_of(model: str = "gpt-6.2-sol") -> AnswerReader:
    return ResponsesWire(model, "a key", prefix="openai").reader()


def events_of(**answer: Any) -> list[dict[str, Any]]:
    return response_events(answer, "gpt-6.2-sol")


def text(index: int, word: str, content_index: int = 0) -> dict[str, Any]:
    at = {"output_index": index, "content_index": content_index}
    return {"type": "response.output_text.delta", **at, "delta": word}


def call_item(index: int, kind: str = "done", **fields: Any) -> dict[str, Any]:
    item = {"type": "function_call", "call_id": "c", "name": "bash", "arguments": "", **fields}
    return {"type": f"response.output_item.{kind}", "output_index": index, "item": item}


def end(status: str = "completed", **response: Any) -> dict[str, Any]:
    return {"type": f"response.{status}", "response": {"model": "gpt-6.2-sol", **response}}


def test_an_aside_and_the_answer_are_paragraphs_of_their_own_and_are_streamed_so() -> None:
    events = [text(0, "I "), text(0, "look."), text(0, "More.", 1), text(2, "Done."), end()]
    assert answer_of(reader_of(), events).text == "I look.\n\nMore.\n\nDone."


def test_a_text_that_is_none_is_passed_over() -> None:
    odd = {**text(0, ""), "delta": {"text": "x"}}
    assert answer_of(reader_of(), [odd, text(0, "y"), end()]).text == "y"


def test_the_parts_of_a_summary_are_paragraphs_of_their_own() -> None:
    assert answer_of(reader_of(), events_of(thinking="Let me see.\n\nWell")).thinking == "Let me see.\n\nWell"


def test_a_model_that_shows_its_thoughts_as_they_are_is_heard_too() -> None:
    thought = {"type": "response.reasoning_text.delta", "output_index": 0, "content_index": 0, "delta": "hm"}
    assert answer_of(reader_of(), [thought, text(1, "so"), end()]).thinking == "hm"


def test_what_is_told_only_as_a_whole_is_heard_once() -> None:
    whole = {"type": "response.output_text.done", "output_index": 0, "content_index": 0, "text": "hello"}
    assert answer_of(reader_of(), [whole, end()]).text == "hello"
    assert answer_of(reader_of(), [text(0, "hel"), text(0, "lo"), whole, end()]).text == "hello"
    refusal = {"type": "response.refusal.done", "output_index": 0, "content_index": 0, "refusal": "No."}
    assert answer_of(reader_of(), [refusal, end()]).text == "No."


def test_a_call_that_comes_whole_is_taken() -> None:
    answer = answer_of(reader_of(), [call_item(0, arguments='{"a":1}'), call_item(1, call_id="d", arguments=""), end()])
    assert [(call.tool_call_id, call.input) for call in answer.tool_calls] == [("c", '{"a":1}'), ("d", "{}")]


def test_arguments_told_in_pieces_and_then_as_a_whole_are_taken_once() -> None:
    at = {"output_index": 0}
    pieces = [{"type": "response.function_call_arguments.delta", **at, "delta": each} for each in ('{"a"', ":1}")]
    whole = {"type": "response.function_call_arguments.done", **at, "arguments": '{"a":1}'}
    for events in ([*pieces, whole], pieces, [whole]):
        assert answer_of(reader_of(), [call_item(0, "added"), *events, end()]).tool_calls[0].input == '{"a":1}'


def test_arguments_that_are_no_json_are_left_for_the_tool_to_refuse() -> None:
    assert answer_of(reader_of(), [call_item(0, arguments='{"a": b'), end()]).tool_calls[0].input == '{"a": b'


def test_a_call_cut_off_in_its_arguments_was_never_made() -> None:
    cut = end("incomplete", incomplete_details={"reason": "max_output_tokens"})
    piece = {"type": "response.function_call_arguments.delta", "output_index": 1, "delta": '{"path": "a'}
    whole = call_item(0, call_id="a", arguments="{}", status="completed")
    begun = call_item(1, "added", call_id="b")
    half = call_item(1, call_id="b", arguments='{"path": "a', status="incomplete")
    for events in ([whole, begun, piece, cut], [whole, begun, piece, half, cut]):
        answer = answer_of(reader_of(), events)
        assert (answer.stop_reason, [call.tool_call_id for call in answer.tool_calls]) == ("max_tokens", ["a"])


def test_a_refusal_is_told_in_the_models_words_and_calls_nothing() -> None:
    calls = [{"name": "bash", "input": {}}]
    answer = answer_of(reader_of(), events_of(text="Well.", refusal="I can't help with that.", tool_calls=calls))
    assert (answer.stop_reason, answer.tool_calls) == ("refusal", ())
    assert answer.text == "Well.\n\nI can't help with that."


def test_an_answer_that_the_filter_cut_off_says_so_and_calls_nothing() -> None:
    calls = [{"name": "bash", "input": {}}]
    answer = answer_of(reader_of(), events_of(text="Sure.", incomplete="content_filter", tool_calls=calls))
    assert (answer.stop_reason, answer.tool_calls) == ("refusal", ())
    assert answer.text == "Sure.\n\nThe model declined to answer: the provider's filter cut the answer off."


@pytest.mark.parametrize(
    ("event", "says", "retried"),
    [
        (end("failed", error={"code": "server_error", "message": "boom"}), "failure of its own", True),
        (end("failed", error={"code": "rate_limit_exceeded", "message": "slow"}), "rate limit", True),
        (end("failed", error={"code": "invalid_prompt", "message": "no"}), "does not take what was said", False),
        (end("failed"), "failure of its own", True),
        ({"type": "error", "code": "server_is_overloaded", "message": "busy"}, "overloaded", True),
        ({"type": "error", "code": "context_length_exceeded", "message": "long"}, "no longer fits", False),
        ({"type": "error", "error": {"code": "insufficient_quota", "message": "pay"}}, "billing", False),
        ({"type": "error", "error": {"type": "invalid_request_error", "message": "bad"}}, "refused", False),
    ],
)
def test_a_failure_ends_it_without_an_answer(event: dict[str, Any], says: str, retried: bool) -> None:
    failure = failure_of(reader_of(), [text(0, "one"), event, text(0, "two"), end()], after="one")
    assert says in str(failure)
    assert (failure.retry_after_s is not None) == retried


@pytest.mark.parametrize(
    ("events", "problem"),
    [
        ([{"type": "response.function_call_arguments.delta", "output_index": 3, "delta": "{"}], "no tool call"),
        ([{"no": "type"}], "type"),
    ],
)
def test_what_makes_no_sense_is_a_failure_worth_another_try(events: list[dict[str, Any]], problem: str) -> None:
    failure = failure_of(reader_of(), events)
    assert problem in str(failure)
    assert failure.retry_after_s == 0


def test_kinds_that_come_with_time_are_passed_over() -> None:
    events = events_of(text="hello")
    new = [
        {"type": "response.hologram.delta", "output_index": 7, "delta": {"light": 1}},
        {"type": "response.output_item.added", "output_index": 7, "item": {"type": "hologram", "arguments": {"a": 1}}},
        {"type": "response.output_item.done", "output_index": 7, "item": {"type": "hologram", "name": None}},
        {"type": "keepalive", "sequence_number": 3},
    ]
    answer = answer_of(reader_of(), [*events[:4], *new, *events[4:]])
    assert (answer.text, answer.tool_calls, answer.stop_reason) == ("hello", (), "end_turn")


def test_usage_tells_what_was_cached_apart_from_what_was_new() -> None:
    usage = {"input_tokens": 100, "cached_tokens": 60, "cache_write_tokens": 30, "output_tokens": 8}
    answer = answer_of(reader_of(), events_of(text="x", usage=usage))
    assert answer.usage.costing(0) == Usage(
        input_tokens=10, cache_creation_input_tokens=30, cache_read_input_tokens=60, output_tokens=8
    )
    assert answer.usage.cost_usd == pytest.approx((10 * 2 + 30 * 2.5 + 60 * 0.1 + 8 * 10) / 1e6)


def test_what_a_failed_answer_cost_is_known() -> None:
    reader, _ = read(reader_of(), [end("failed", usage={"input_tokens": 1_000, "output_tokens": 100})])
    assert reader.failure is not None
    assert reader.usage.cost_usd == pytest.approx(3e-3)


@pytest.mark.parametrize("usage", [None, {}, {"input_tokens": None, "input_tokens_details": None}])
def test_a_server_that_tells_no_usage_is_not_reckoned(usage: object) -> None:
    assert answer_of(reader_of(), [text(0, "x"), end(usage=usage)]).usage == Usage()


def test_the_price_is_that_of_the_model_that_answered_or_else_of_the_one_that_was_asked() -> None:
    usage = {"usage": {"input_tokens": 1_000_000, "output_tokens": 0}}
    asked = {"type": "response.completed", "response": {"model": "an-alias", **usage}}
    dated = {"type": "response.completed", "response": {"model": "gpt-5-2025-08-07", **usage}}
    assert answer_of(reader_of("gpt-5"), [asked]).usage.cost_usd == pytest.approx(1.25)
    assert answer_of(reader_of("an-alias"), [dated]).usage.cost_usd == pytest.approx(1.25)
    assert answer_of(reader_of("llama"), [asked]).usage.cost_usd == 0
