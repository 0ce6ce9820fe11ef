"""Anthropic's stand-in judges as the API does."""

from __future__ import annotations

from typing import Any

import pytest

from tests.models.verdict import verdict
from tests.standins.anthropic_server import serve_anthropic

GOOD: dict[str, Any] = {
    "model": "m",
    "max_tokens": 5,
    "stream": True,
    "messages": [{"role": "user", "content": [{"type": "text", "text": "hi"}]}],
}
USE = {"type": "tool_use", "id": "t", "name": "x", "input": {}}
RESULT = {"type": "tool_result", "tool_use_id": "t", "content": "done"}
TEXT = {"type": "text", "text": "hi"}


def talk(*contents: list[dict[str, Any]]) -> dict[str, Any]:
    return {
        "messages": [
            {"role": "assistant" if index % 2 else "user", "content": content} for index, content in enumerate(contents)
        ]
    }


@pytest.mark.parametrize(
    ("change", "status"),
    [
        ({}, 200),
        (talk([TEXT], [USE], [RESULT, TEXT]), 200),
        (talk([TEXT], [USE], [TEXT]), 400),
        (talk([TEXT], [USE], [TEXT, RESULT]), 400),
        (talk([TEXT], [USE], [RESULT, RESULT]), 400),
        (talk([TEXT], [TEXT], [RESULT]), 400),
        (talk([TEXT], [USE], [RESULT], [USE], [RESULT]), 400),
        (talk([TEXT], [{**USE, "input": "ls"}], [RESULT]), 400),
        (talk([TEXT], [USE], [{**RESULT, "content": ""}]), 400),
        (talk([{"type": "text", "text": " "}]), 400),
        (talk([TEXT], [TEXT]), 400),
        (talk([]), 400),
        (talk(), 400),
        ({"messages": [{"role": "assistant", "content": [TEXT]}]}, 400),
        ({"max_tokens": 0}, 400),
        ({"temperature": 1}, 400),
        ({"tools": [{"name": "x", "input_schema": {"type": "object"}}] * 2}, 400),
        ({"system": [{**TEXT, "cache_control": {}}] * 5}, 400),
    ],
)
async def test_the_stand_in_judges_a_request_as_the_api_does(change: dict[str, Any], status: int) -> None:
    headers = {"x-api-key": "k", "anthropic-version": "v"}
    assert await verdict(serve_anthropic([]), "/v1/messages", {**GOOD, **change}, headers) == status


@pytest.mark.parametrize(
    ("headers", "status"), [({"anthropic-version": "v"}, 401), ({"x-api-key": "k"}, 400), ({}, 401)]
)
async def test_the_stand_in_wants_a_key_and_a_version(headers: dict[str, str], status: int) -> None:
    assert await verdict(serve_anthropic([]), "/v1/messages", GOOD, headers) == status
