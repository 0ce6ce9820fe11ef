"""OpenAI's stand-in judges as its two APIs do."""

from __future__ import annotations

from typing import Any

import pytest

from tests.models.listener import answer_of
from tests.models.verdict import verdict
from tests.standins.openai_server import serve_openai
from trio_agent.models.openai import ResponsesWire
from trio_agent.models.streamed import StreamedModel

HEADERS = {"authorization": "Bearer k"}


async def test_a_model_that_does_not_think_is_asked_again_without_its_thoughts() -> None:
    async with serve_openai([{"text": "Hello."}]) as server:
        model = StreamedModel(ResponsesWire("gpt-4.1", "a-key", base_url=server.url), uniform=lambda low, high: 0)
        assert (await answer_of(model, "hi")).text == "Hello."
        assert [each.split(":")[0] for each in server.complaints] == ["reasoning.summary"]


USER = {"type": "message", "role": "user", "content": "hi"}
SAID = {"type": "message", "role": "assistant", "content": "hello"}
CALL = {"type": "function_call", "call_id": "c", "name": "x", "arguments": "{}"}
OUTPUT = {"type": "function_call_output", "call_id": "c", "output": "done"}
TOOL = {"type": "function", "name": "x", "strict": False, "parameters": {"type": "object", "properties": {}}}
RESPONSES_BODY: dict[str, Any] = {"model": "gpt-5.2", "stream": True, "store": False, "input": [USER]}


@pytest.mark.parametrize(
    ("change", "status"),
    [
        ({}, 200),
        ({"input": [USER, CALL, OUTPUT, USER]}, 200),
        ({"input": [USER, CALL, USER]}, 400),
        ({"input": [USER, CALL]}, 400),
        ({"input": [USER, CALL, OUTPUT, OUTPUT]}, 400),
        ({"input": [USER, OUTPUT]}, 400),
        ({"input": [USER, CALL, OUTPUT, CALL, OUTPUT]}, 400),
        ({"input": [USER, {**CALL, "name": "a.b"}, OUTPUT]}, 400),
        ({"input": [USER, {**CALL, "call_id": "c" * 65}, {**OUTPUT, "call_id": "c" * 65}]}, 400),
        ({"input": [USER, {**CALL, "arguments": {}}, OUTPUT]}, 400),
        ({"input": [USER, CALL, {**OUTPUT, "output": ""}]}, 400),
        ({"input": [USER, SAID]}, 400),
        ({"input": [USER, {**SAID, "phase": "later"}, USER]}, 400),
        ({"input": []}, 400),
        ({"input": [{**USER, "content": " "}]}, 400),
        ({"store": True}, 400),
        ({"max_output_tokens": 1}, 400),
        ({"temperature": 1}, 400),
        ({"model": "gpt-4.1", "reasoning": {"summary": "auto"}}, 400),
        ({"tools": [TOOL]}, 200),
        ({"tools": [{**TOOL, "parameters": {"type": "object"}}]}, 400),
    ],
)
async def test_the_stand_in_judges_a_response_as_the_api_does(change: dict[str, Any], status: int) -> None:
    assert await verdict(serve_openai([]), "/v1/responses", {**RESPONSES_BODY, **change}, HEADERS) == status


ASKED = {"role": "user", "content": "hi"}
MADE = {"role": "assistant", "content": None, "tool_calls": [{"id": "c", "function": {"name": "x", "arguments": "{}"}}]}
RESULT = {"role": "tool", "tool_call_id": "c", "content": "done"}
FUNCTION = {"type": "function", "function": TOOL}
CHAT_BODY: dict[str, Any] = {"model": "llama", "stream": True, "messages": [ASKED]}


@pytest.mark.parametrize(
    ("change", "status"),
    [
        ({}, 200),
        ({"messages": [{"role": "system", "content": "s"}, ASKED, MADE, RESULT, ASKED]}, 200),
        ({"messages": [ASKED, {"role": "system", "content": "s"}]}, 400),
        ({"messages": [ASKED, MADE, ASKED]}, 400),
        ({"messages": [ASKED, MADE, RESULT, RESULT]}, 400),
        ({"messages": [ASKED, RESULT]}, 400),
        ({"messages": [ASKED, MADE, {**RESULT, "content": [{"type": "image_url"}]}]}, 400),
        ({"messages": [ASKED, {"role": "assistant", "content": None}, ASKED]}, 400),
        ({"messages": []}, 400),
        ({"max_tokens": 5}, 400),
        ({"tools": [FUNCTION]}, 200),
        ({"tools": [FUNCTION], "model": "gpt-6.2-sol"}, 400),
    ],
)
async def test_the_stand_in_judges_a_completion_as_the_api_does(change: dict[str, Any], status: int) -> None:
    assert await verdict(serve_openai([]), "/v1/chat/completions", {**CHAT_BODY, **change}, HEADERS) == status


async def test_the_stand_in_wants_a_key() -> None:
    assert await verdict(serve_openai([]), "/v1/responses", RESPONSES_BODY, {}) == 401
