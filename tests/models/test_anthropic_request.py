from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given

from tests.models.conversations import calling, looking, showing
from tests.models.listener import asking
from tests.models.logs import requests
from tests.standins.anthropic_rules import objection
from trio_agent.core.transcript import NO_IMAGE
from trio_agent.models.anthropic_request import encode_request
from trio_agent.seams import ModelRequest

HEADERS = {"x-api-key": "k", "anthropic-version": "v", "content-type": "application/json"}
CACHED = {"type": "ephemeral"}


def body_of(request: ModelRequest) -> dict[str, Any]:
    encoded = encode_request(request, model="claude-sonnet-5-5", max_tokens=1000)
    assert encoded.isascii()
    assert objection(b"POST", b"/v1/messages", HEADERS, encoded) is None
    body: dict[str, Any] = json.loads(encoded)
    return body


def test_a_conversation_with_tools_is_sent_as_the_api_wants_it() -> None:
    assert body_of(looking()) == {
        "model": "claude-sonnet-5-5",
        "max_tokens": 1000,
        "stream": True,
        "system": [{"type": "text", "text": "Be brief.", "cache_control": CACHED}],
        "tools": [{"name": "bash", "description": "Runs.", "input_schema": {"type": "object"}}],
        "messages": [
            {"role": "user", "content": [{"type": "text", "text": "Look."}]},
            {
                "role": "assistant",
                "content": [
                    {"type": "text", "text": "I look."},
                    {"type": "tool_use", "id": "t1", "name": "bash", "input": {"command": "ls"}},
                ],
            },
            {
                "role": "user",
                "content": [
                    {"type": "tool_result", "tool_use_id": "t1", "content": "no such file", "is_error": True},
                    {"type": "text", "text": "Hurry \u2028é.", "cache_control": CACHED},
                ],
            },
        ],
    }


def test_a_model_that_thinks_anyhow_is_asked_to_tell_of_it() -> None:
    def asked(**change: bool) -> dict[str, Any]:
        body: dict[str, Any] = json.loads(encode_request(asking("hi"), model="m", max_tokens=9, **change))
        return body

    assert asked(summaries=True)["thinking"] == {"type": "adaptive", "display": "summarized"}
    assert "thinking" not in asked()


def test_what_is_empty_is_left_out() -> None:
    body = body_of(calling("", space=" "))
    assert "system" not in body
    assert "tools" not in body
    assert [[block["type"] for block in message["content"]] for message in body["messages"]] == [
        ["text"],
        ["tool_use"],
        ["tool_result"],
    ]
    assert body["messages"][2]["content"][0]["cache_control"] == CACHED


@pytest.mark.parametrize(
    ("written", "sent"),
    [
        ('{"a": 1}', {"a": 1}),
        ("", {}),
        ('{"a": ', {"invalid": '{"a": '}),
        ("[1]", {"invalid": "[1]"}),
        ("null", {"invalid": "null"}),
    ],
)
def test_the_input_of_a_tool_is_sent_as_an_object_whatever_the_model_wrote(written: str, sent: dict[str, Any]) -> None:
    body = body_of(calling(written))
    assert body["messages"][1]["content"][0]["input"] == sent


def test_images_stand_beside_the_words_they_belong_to() -> None:
    first, _, last = body_of(showing("", gone=True))["messages"]
    assert first["content"] == [
        {"type": "image", "source": {"type": "base64", "media_type": "image/jpeg", "data": "/9g="}},
    ]
    assert last["content"][0]["content"] == [
        {"type": "text", "text": "a page"},
        {"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": "iVBORw=="}},
        {"type": "text", "text": NO_IMAGE},
    ]


@given(requests())
def test_every_log_makes_a_request_that_the_api_takes(request: ModelRequest) -> None:
    body_of(request)
