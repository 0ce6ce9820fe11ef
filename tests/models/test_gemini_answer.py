from __future__ import annotations

from typing import Any

import pytest

from tests.models.reading import answer_of, failure_of, read
from tests.standins.gemini_chunks import answer_chunks, signature_of
from trio_agent.core.price import Price
from trio_agent.core.usage import Usage
from trio_agent.models.gemini import GeminiWire
from trio_agent.models.gemini_answer import AnswerReader
from trio_agent.models.gemini_signatures import Signatures

MODEL = "gemini-4-hydrogen"
Chunk = dict[str, Any]


def reader_of(signatures: Signatures | None = None) -> AnswerReader:
    price = Price(input=1, output=10, cache_write=100, cache_read=0.1)
    return AnswerReader(GeminiWire(MODEL, "a key", price=price).endpoint, signatures or Signatures())


def chunks_of(**answer: Any) -> list[Chunk]:
    return answer_chunks(answer, MODEL)


def chunk(*parts: dict[str, Any], **candidate: Any) -> Chunk:
    return {"candidates": [{"content": {"role": "model", "parts": list(parts)}, "index": 0, **candidate}]}


STOP = {"candidates": [{"finishReason": "STOP", "index": 0}]}


def test_calls_without_an_id_or_arguments_are_calls_too() -> None:
    answer = answer_of(reader_of(), [chunk({"functionCall": {"name": "todo"}}), STOP])
    (call,) = answer.tool_calls
    assert (call.name, call.input) == ("todo", "{}")
    assert call.tool_call_id.startswith("call_"), "one of our own, by which its signature is known"


def test_what_a_whole_answer_was_signed_with_is_remembered_and_nothing_of_a_broken_one() -> None:
    calls = [{"name": "bash", "input": {"command": "ls"}}, {"name": "todo", "input": {}}]
    signatures = Signatures()
    chunks = chunks_of(tool_calls=calls)
    read(reader_of(signatures), chunks[:-1])
    whole = answer_of(reader_of(), chunks)
    assert [signatures.get(call) for call in whole.tool_calls] == ["", ""]
    read(reader_of(signatures), chunks)
    assert [signatures.get(call) for call in whole.tool_calls] == [signature_of(1), ""]


def test_an_error_event_ends_it_without_an_answer() -> None:
    chunks = chunks_of(text="one two")
    error = {"error": {"code": 503, "message": "The model is overloaded.", "status": "UNAVAILABLE"}}
    failure = failure_of(reader_of(), [chunks[0], error, *chunks[1:]], after="one")
    assert failure.retry_after_s == 0
    assert "is overloaded" in str(failure)


def test_kinds_that_come_with_time_are_passed_over() -> None:
    new = [
        {"weather": "sunny"},
        {"candidates": []},
        {"candidates": [{"hologram": 1}]},
        chunk({"executableCode": {"code": "1"}}, {"scent": "rose"}, {}),
        chunk({"text": None, "thought": None}),
    ]
    first, *rest = chunks_of(text="hello there")
    assert answer_of(reader_of(), [first, *new, *rest]).text == "hello there"


@pytest.mark.parametrize(
    ("written", "read"),
    [('{"a": 1e999}', '{"a": 1e999}'), ("[1]", "[1]"), ("null", "{}")],
)
def test_arguments_that_are_odd_are_left_for_the_tool_to_refuse(written: str, read: str) -> None:
    call = f'{{"functionCall":{{"name":"x","args":{written}}}}}'
    chunk = f'{{"candidates":[{{"content":{{"parts":[{call}]}},"finishReason":"STOP"}}]}}'
    assert answer_of(reader_of(), [chunk]).tool_calls[0].input == read


@pytest.mark.parametrize(
    ("reason", "stop_reason"),
    [("STOP", "end_turn"), ("MAX_TOKENS", "max_tokens"), ("CONTINUATION", "max_tokens"), ("TIRED", "end_turn")],
)
def test_finish_reasons(reason: str, stop_reason: str) -> None:
    assert answer_of(reader_of(), chunks_of(text="x", finish_reason=reason)).stop_reason == stop_reason


@pytest.mark.parametrize("reason", ["STOP", "TIRED"])
def test_an_end_after_tool_calls_asks_for_their_results(reason: str) -> None:
    answer = answer_of(reader_of(), chunks_of(tool_calls=[{"name": "x", "input": {}}], finish_reason=reason))
    assert (answer.stop_reason, len(answer.tool_calls)) == ("tool_use", 1)


def test_an_answer_that_was_cut_off_while_it_thought_says_so() -> None:
    answer = answer_of(reader_of(), chunks_of(thinking="Let me", finish_reason="MAX_TOKENS"))
    assert (answer.text, answer.stop_reason) == ("", "max_tokens")


@pytest.mark.parametrize(
    "reason", ["SAFETY", "RECITATION", "LANGUAGE", "BLOCKLIST", "PROHIBITED_CONTENT", "SPII", "ESCALATION"]
)
def test_a_refusal_says_why_and_calls_nothing(reason: str) -> None:
    chunks = chunks_of(
        text="Sure.", tool_calls=[{"name": "x", "input": {}}], finish_reason=reason, finish_message="Not this."
    )
    answer = answer_of(reader_of(), chunks)
    assert (answer.stop_reason, answer.tool_calls) == ("refusal", ())
    assert answer.text == f"Sure.\n\nThe model declined to answer (category: {reason}). Not this."


def test_a_question_that_was_refused_is_told_so() -> None:
    answer = answer_of(reader_of(), chunks_of(block_reason="PROHIBITED_CONTENT"))
    assert answer.stop_reason == "refusal"
    assert answer.text == "The model declined to answer (category: PROHIBITED_CONTENT)."
    assert answer.usage.input_tokens == 100


@pytest.mark.parametrize(
    ("reason", "says"),
    [
        ("MALFORMED_FUNCTION_CALL", "a tool call that cannot be read (MALFORMED_FUNCTION_CALL). print(bash"),
        ("UNEXPECTED_TOOL_CALL", "a call of a tool that there is not"),
        ("MALFORMED_RESPONSE", "an answer that cannot be read"),
        ("OTHER", "for a reason it does not tell"),
    ],
)
def test_a_model_that_lost_its_way_is_asked_again(reason: str, says: str) -> None:
    chunks = chunks_of(text="x", finish_reason=reason, finish_message="print(bash\n")
    failure = failure_of(reader_of(), chunks)
    assert says in str(failure)
    assert failure.retry_after_s == 0


@pytest.mark.parametrize("thinking", ["", "Hm."])
def test_an_answer_with_nothing_in_it_is_asked_for_again(thinking: str) -> None:
    failure = failure_of(reader_of(), chunks_of(thinking=thinking))
    assert "an empty answer" in str(failure)
    assert failure.retry_after_s == 0


def test_a_signature_that_is_missed_is_told_and_not_asked_for_again() -> None:
    failure = failure_of(reader_of(), chunks_of(finish_reason="MISSING_THOUGHT_SIGNATURE"))
    assert "signature" in str(failure)
    assert failure.retry_after_s is None


def test_text_after_a_thought_or_a_tool_call_is_a_paragraph_of_its_own_and_is_streamed_so() -> None:
    answer = answer_of(
        reader_of(),
        [
            chunk({"text": "zero "}),
            chunk({"text": "one"}, {"text": "", "thoughtSignature": "c2ln"}, {"text": " two"}),
            chunk({"text": "Hm.", "thought": True}),
            chunk({"text": "three"}, {"functionCall": {"name": "x", "id": "b"}}, {"text": "four"}),
            chunk({"text": "Oh.", "thought": True}),
            STOP,
        ],
    )
    assert answer.text == "zero one two\n\nthree\n\nfour"
    assert answer.thinking == "Hm.\n\nOh."


def test_usage_is_what_the_last_chunk_says_and_what_it_leaves_out_stays() -> None:
    chunks = [
        {"usageMetadata": {"promptTokenCount": 1000, "cachedContentTokenCount": 600}, "modelVersion": MODEL},
        {"usageMetadata": {"candidatesTokenCount": 3, "thoughtsTokenCount": None}},
        {
            **chunk({"text": "x"}, finishReason="STOP"),
            "usageMetadata": {"candidatesTokenCount": 8, "thoughtsTokenCount": 20, "toolUsePromptTokenCount": 5},
        },
    ]
    told = answer_of(reader_of(), chunks).usage
    assert told.costing(0) == Usage(input_tokens=405, cache_read_input_tokens=600, output_tokens=28)
    assert told.cost_usd == pytest.approx((405 * 1 + 600 * 0.1 + 28 * 10) / 1e6)


def test_an_alias_costs_what_the_model_costs_that_answers() -> None:
    answer = answer_of(GeminiWire("gemini-flash-latest", "a key").reader(), chunks_of(text="x"))
    assert answer.model == f"gemini/{MODEL}"
    assert answer.usage.cost_usd == pytest.approx((100 * 1.5 + 10 * 7.5) / 1e6)


def test_a_model_of_unknown_price_costs_nothing() -> None:
    answer = answer_of(GeminiWire("gemini-9", "a key").reader(), answer_chunks({"text": "x"}, "gemini-9"))
    assert (answer.usage.output_tokens, answer.usage.cost_usd) == (10, 0)
