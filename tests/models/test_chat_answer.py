from __future__ import annotations

from typing import Any

import pytest

from tests.models.reading import answer_of, failure_of
from tests.standins.openai_events import chat_chunks
from trio_agent.core.usage import Usage
from trio_agent.models.chat_answer import AnswerReader
from trio_agent.models.openai import ChatWire

Chunk = dict[str, Any] | str
DONE = "[DONE]"


def reader_of(model: str = "gpt-4.1") -> AnswerReader:
    return ChatWire(model, "a key", prefix="openai").reader()


def chunks_of(**answer: Any) -> list[Chunk]:
    return list(chat_chunks(answer, "gpt-4.1"))


def delta(finish: str | None = None, **fields: Any) -> Chunk:
    return {"choices": [{"index": 0, "delta": fields, "finish_reason": finish}]}


def call(arguments: object = "", **fields: Any) -> Chunk:
    name = {"name": fields.pop("name")} if "name" in fields else {}
    return delta(tool_calls=[{"function": {**name, "arguments": arguments}, **fields}])


def made(*chunks: Chunk) -> list[tuple[str, str, str]]:
    answer = answer_of(reader_of(), [*chunks, delta("tool_calls"), DONE])
    return [(each.tool_call_id, each.name, each.input) for each in answer.tool_calls]


@pytest.mark.parametrize(
    ("finish", "stop_reason"),
    [("stop", "end_turn"), ("length", "max_tokens"), ("content_filter", "refusal"), ("eos", "end_turn")],
)
def test_stop_reasons(finish: str, stop_reason: str) -> None:
    assert answer_of(reader_of(), chunks_of(text="x", finish_reason=finish)).stop_reason == stop_reason


@pytest.mark.parametrize("finish", ["stop", "eos", "function_call", "tool_calls"])
def test_calls_are_not_lost_where_the_server_gives_another_reason(finish: str) -> None:
    answer = answer_of(reader_of(), chunks_of(tool_calls=[{"name": "x", "input": {}}], finish_reason=finish))
    assert (answer.stop_reason, len(answer.tool_calls)) == ("tool_use", 1)


@pytest.mark.parametrize("fields", [{"reasoning_content": "hm"}, {"reasoning": "hm"}])
def test_thinking_is_heard_under_each_of_its_names(fields: dict[str, str]) -> None:
    assert answer_of(reader_of(), [delta(**fields), delta("stop", content="so"), DONE]).thinking == "hm"


def test_thinking_told_under_both_names_is_heard_once() -> None:
    both = delta(reasoning="hm", reasoning_content="hm")
    assert answer_of(reader_of(), [both, delta("stop", content="so"), DONE]).thinking == "hm"


def test_thinking_that_is_no_text_is_passed_over() -> None:
    odd = delta(reasoning={"steps": 3})
    assert answer_of(reader_of(), [odd, delta("stop", content="so"), DONE]).thinking == ""


def test_a_call_may_come_in_any_of_the_ways_that_servers_have() -> None:
    # As OpenAI does.
    assert made(
        call("", index=0, id="a", name="x"),
        call('{"q"', index=0),
        call(": 1}", index=0),
        call("{}", index=1, id="b", name="y"),
    ) == [("a", "x", '{"q": 1}'), ("b", "y", "{}")]
    # Whole, all under one index.
    assert made(call("{}", index=0, id="a", name="x"), call("{}", index=0, id="b", name="x")) == [
        ("a", "x", "{}"),
        ("b", "x", "{}"),
    ]
    # Whole, without an index, and without an id.
    assert made(call("{}", id="a", name="x"), call("{}", id="b", name="y")) == [("a", "x", "{}"), ("b", "y", "{}")]
    assert made(call("{}", name="x"), call("{}", name="y")) == [("", "x", "{}"), ("", "y", "{}")]
    # Each piece with an id of its own, or with id and name again.
    assert made(call("{", index=0, id="a", name="x"), call("}", index=0, id="b")) == [("a", "x", "{}")]
    assert made(call("{", index=0, id="a", name="x"), call("}", index=0, id="a", name="x")) == [("a", "x", "{}")]
    # Arguments as an object, or none at all.
    assert made(call({"q": "é"}, index=0, id="a", name="x")) == [("a", "x", '{"q":"\\u00e9"}')]
    assert made(call(None, index=0, id="a", name="x")) == [("a", "x", "{}")]


def test_a_refusal_is_told_in_the_models_words_and_calls_nothing() -> None:
    answer = answer_of(
        reader_of(), chunks_of(refusal="I can't help with that.", tool_calls=[{"name": "x", "input": {}}])
    )
    assert (answer.stop_reason, answer.tool_calls) == ("refusal", ())
    assert answer.text == "I can't help with that."


def test_an_answer_that_the_filter_cut_off_says_so() -> None:
    answer = answer_of(
        reader_of(), chunks_of(text="Sure.", finish_reason="content_filter", tool_calls=[{"name": "x", "input": {}}])
    )
    assert (answer.stop_reason, answer.tool_calls) == ("refusal", ())
    assert answer.text == "Sure.\n\nThe model declined to answer: the server's filter cut the answer off."


def test_a_call_cut_off_in_its_arguments_was_never_made() -> None:
    chunks = [
        call("{}", index=0, id="a", name="x"),
        call('{"path": "a', index=1, id="b", name="x"),
        delta("length"),
        DONE,
    ]
    assert [each.tool_call_id for each in answer_of(reader_of(), chunks).tool_calls] == ["a"]


@pytest.mark.parametrize(
    ("error", "says", "retried"),
    [
        ({"message": "boom", "type": "server_error"}, "failure of its own", True),
        ({"message": "Provider disconnected", "code": 502}, "failure of its own", True),
        ({"message": "slow down", "code": 429}, "rate limit", True),
        ({"message": "no such model", "code": 404}, "knows no model", False),
        ("something broke", "failure of its own", True),
        ({"message": "maximum context length is 4096 tokens", "code": 400}, "no longer fits", False),
    ],
)
def test_an_error_in_place_of_a_chunk_ends_it_without_an_answer(error: object, says: str, retried: bool) -> None:
    events = [delta(content="one"), {"error": error}, delta("stop", content="two"), DONE]
    failure = failure_of(reader_of(), events, after="one")
    assert says in str(failure)
    assert (failure.retry_after_s is not None) == retried


@pytest.mark.parametrize(
    ("chunks", "problem"),
    [
        ([delta(content="x"), DONE], "without a reason"),
        ([DONE], "without a reason"),
        ([delta(content=[{"type": "text", "text": "x"}])], "a text that is none"),
    ],
)
def test_what_makes_no_sense_is_a_failure_worth_another_try(chunks: list[Chunk], problem: str) -> None:
    failure = failure_of(reader_of(), chunks)
    assert problem in str(failure)
    assert failure.retry_after_s == 0


def test_an_answer_that_ended_in_an_error_is_none() -> None:
    assert failure_of(reader_of(), [delta(content="x"), delta("error"), DONE]).retry_after_s == 0


def test_chunks_that_hold_nothing_are_passed_over() -> None:
    chunks = chunks_of(text="hello")
    empty: list[Chunk] = [{}, {"choices": None}, {"choices": []}, {"choices": [{}]}, {"choices": [{"delta": None}]}]
    assert answer_of(reader_of(), [*chunks[:2], *empty, *chunks[2:]]).text == "hello"


def test_usage_tells_what_was_cached_apart_from_what_was_new() -> None:
    usage = {"input_tokens": 100, "cached_tokens": 60, "cache_write_tokens": 30, "output_tokens": 8}
    answer = answer_of(reader_of(), chunks_of(text="x", usage=usage))
    assert answer.usage.costing(0) == Usage(
        input_tokens=10, cache_creation_input_tokens=30, cache_read_input_tokens=60, output_tokens=8
    )
    assert answer.usage.cost_usd == pytest.approx((10 * 2 + 30 * 2 + 60 * 0.5 + 8 * 8) / 1e6)


def test_the_last_usage_counts_and_a_server_that_tells_none_is_not_reckoned() -> None:
    usages: list[Chunk] = [{"usage": {"prompt_tokens": 5, "completion_tokens": n}} for n in (1, 2)]
    assert answer_of(reader_of(), [*usages, delta("stop"), DONE]).usage.output_tokens == 2
    assert answer_of(reader_of(), [delta("stop", content="x"), DONE]).usage == Usage()
