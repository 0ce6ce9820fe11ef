"""Every wire's reader against an answer without an end: what is kept of it has a bound, and so has the work for one event."""

from __future__ import annotations

import json
from collections.abc import Iterator
from itertools import count, islice, repeat
from typing import Any

import pytest

from tests.models.languages import LANGUAGES
from tests.models.listener import Listener
from trio_agent.models.attempt import Attempt
from trio_agent.models.event_reader import MAX_ANSWER_CHARS, PLACE_CHARS
from trio_agent.models.pieces import Pieces
from trio_agent.models.wire import Reader

MIB = "x" * 1024 * 1024
BIG = json.dumps({"a": MIB})


def anthropic(kind: str) -> Iterator[Any]:
    blocks = {
        "text": {"type": "text"},
        "thinking": {"type": "thinking"},
        "arguments": {"type": "tool_use", "id": "c", "name": "bash", "input": {}},
    }
    match kind:
        case "text" | "thinking" | "arguments":
            yield {"type": "content_block_start", "index": 0, "content_block": blocks[kind]}
            field = {"text": "text", "thinking": "thinking", "arguments": "partial_json"}[kind]
            named = {"arguments": "input_json_delta"}.get(kind, f"{kind}_delta")
            yield from repeat({"type": "content_block_delta", "index": 0, "delta": {"type": named, field: MIB}})
        case "inputs":
            block = {"type": "tool_use", "id": "c", "name": "bash", "input": {"a": MIB}}
            yield from ({"type": "content_block_start", "index": i, "content_block": block} for i in count())
        case _:
            block = blocks["arguments"] if kind == "calls" else {"type": "of a later time"}
            yield from ({"type": "content_block_start", "index": i, "content_block": block} for i in count())


def responses(kind: str) -> Iterator[Any]:
    item = {"type": "function_call", "call_id": "c", "name": "bash"}
    match kind:
        case "text":
            yield from repeat({"type": "response.output_text.delta", "output_index": 0, "delta": MIB})
        case "thinking":
            yield from repeat({"type": "response.reasoning_text.delta", "output_index": 0, "delta": MIB})
        case "arguments":
            yield {"type": "response.output_item.added", "output_index": 0, "item": item}
            yield from repeat({"type": "response.function_call_arguments.delta", "output_index": 0, "delta": MIB})
        case "inputs":
            item |= {"arguments": BIG}
            yield from ({"type": "response.output_item.done", "output_index": i, "item": item} for i in count())
        case "calls":
            yield from ({"type": "response.output_item.added", "output_index": i, "item": item} for i in count())
        case _:
            yield from ({"type": "response.output_text.delta", "output_index": i, "delta": "x"} for i in count())


def chat(kind: str) -> Iterator[Any]:
    def chunk(**delta: Any) -> dict[str, Any]:
        return {"choices": [{"delta": delta}]}

    def call(index: int, **function: Any) -> dict[str, Any]:
        return {"index": index, "id": f"c{index}", "function": {"name": "bash", **function}}

    match kind:
        case "text":
            yield from repeat(chunk(content=MIB))
        case "thinking":
            yield from repeat(chunk(reasoning=MIB))
        case "arguments":
            yield from repeat(chunk(tool_calls=[call(0, arguments=MIB)]))
        case "inputs":
            yield from (chunk(tool_calls=[call(i, arguments={"a": MIB})]) for i in count())
        case "calls":
            yield from (chunk(tool_calls=[call(i)]) for i in count())
        case _:
            yield from (chunk(tool_calls=[call(i) for i in range(100_000)]) for _ in count())


def gemini(kind: str) -> Iterator[Any]:
    parts: dict[str, list[Any]] = {
        "text": [{"text": MIB}],
        "thinking": [{"text": MIB, "thought": True}],
        "arguments": [{"functionCall": {"name": "bash", "args": {"a": MIB}}}],
        "inputs": [{"functionCall": {"name": "bash"}, "thoughtSignature": MIB}],
        "calls": [{"functionCall": {"name": "bash"}}],
        "places": [{"functionCall": {}}] * 100_000,
    }
    return repeat({"candidates": [{"content": {"parts": parts[kind]}}]})


ENDLESS = {"anthropic": anthropic, "responses": responses, "chat": chat, "gemini": gemini}


def told(reader: Reader, events: Iterator[Any], most: int) -> int:
    """How many characters `reader` told until it had enough, which it must within `most` events."""
    chars = 0
    last: tuple[Any, str] = (None, "")
    for event in islice(events, most):
        if last[0] is not event:  # the large ones are all the same
            last = event, json.dumps(event)
        chars += sum(len(text) for _, text in reader.feed(last[1]))
        if reader.failure is not None:
            assert reader.answer is None
            assert "sent more than 16 million characters" in str(reader.failure)
            assert reader.failure.retry_after_s is None
            assert not reader.failure.about_request
            assert reader.feed(last[1]) == []
            return chars
    raise AssertionError("no end")


@pytest.mark.parametrize("kind", ["text", "thinking", "arguments", "inputs"])
@pytest.mark.parametrize("name", LANGUAGES)
def test_endless_words_are_given_up(name: str, kind: str) -> None:
    assert told(LANGUAGES[name].wire.reader(), ENDLESS[name](kind), 18) <= MAX_ANSWER_CHARS


@pytest.mark.parametrize("kind", ["calls", "places"])
@pytest.mark.parametrize("name", LANGUAGES)
def test_endlessly_many_calls_that_say_nothing_are_given_up(name: str, kind: str) -> None:
    told(LANGUAGES[name].wire.reader(), ENDLESS[name](kind), MAX_ANSWER_CHARS // PLACE_CHARS + 1)


@pytest.mark.parametrize("name", LANGUAGES)
def test_an_answer_whose_last_event_is_too_much_is_none(name: str) -> None:
    reader = LANGUAGES[name].wire.reader()
    for event in LANGUAGES[name].events(text="x" * (MAX_ANSWER_CHARS + 1)):
        reader.feed(event)
    assert reader.answer is None
    assert reader.failure is not None


def test_arguments_that_are_told_again_as_a_whole_are_counted_once() -> None:
    reader = LANGUAGES["responses"].wire.reader()
    arguments = json.dumps({"a": "x" * (MAX_ANSWER_CHARS // 2)})
    for event in LANGUAGES["responses"].events(tool_calls=[{"name": "bash", "input": json.loads(arguments)}]):
        reader.feed(event)
    assert reader.answer is not None
    assert len(reader.answer.tool_calls[0].input) >= MAX_ANSWER_CHARS // 2


async def test_a_thousand_texts_that_come_at_one_time_are_told_as_one_a_part() -> None:
    wire = LANGUAGES["gemini"].wire
    parts = [{"text": "a", "thought": True}, {"text": "b"}] * 100
    event = json.dumps({"candidates": [{"content": {"parts": parts}}]})
    listener = Listener()
    Attempt(wire.reader(), listener, listener.on_usage, 0, wire.endpoint).take(f"data: {event}\n\n".encode() * 10)
    # A thought after a word, and a word after a thought, is a paragraph of its own.
    assert [(part, text.replace("\n", "")) for part, text in listener.pieces] == [
        ("thinking", "a" * 1000),
        ("content", "b" * 1000),
    ]


def test_pieces_are_put_together_as_they_came() -> None:
    pieces = Pieces("a\r\n")
    pieces.add("\ud800\0")
    pieces.add("👩‍🚀\r")
    assert str(pieces) == "a\r\n\ud800\0👩‍🚀\r"
    assert len(pieces) == len(str(pieces))
    assert not Pieces()
