from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given

from tests.models.conversations import calling, looking, showing
from tests.models.listener import asking
from tests.models.logs import requests
from tests.standins.openai_rules import CHAT, objection
from trio_agent.core.transcript import NO_IMAGE, ImageRef, UserTurn
from trio_agent.models.chat_request import encode_request
from trio_agent.seams import ModelRequest

HEADERS = {"authorization": "Bearer k", "content-type": "application/json"}


def body_of(request: ModelRequest, *, usage: bool = True) -> dict[str, Any]:
    encoded = encode_request(request, model="llama", usage=usage)
    assert encoded.isascii()
    assert objection(b"POST", CHAT, HEADERS, encoded) is None
    body: dict[str, Any] = json.loads(encoded)
    return body


def test_a_conversation_with_tools_is_sent_as_the_api_wants_it() -> None:
    function = {"name": "bash", "description": "Runs.", "parameters": {"type": "object", "properties": {}}}
    made = {"id": "t1", "type": "function", "function": {"name": "bash", "arguments": '{"command": "ls"}'}}
    assert body_of(looking()) == {
        "model": "llama",
        "stream": True,
        "stream_options": {"include_usage": True},
        "tools": [{"type": "function", "function": function}],
        "messages": [
            {"role": "system", "content": "Be brief."},
            {"role": "user", "content": "Look."},
            {"role": "assistant", "content": "I look.", "tool_calls": [made]},
            {"role": "tool", "tool_call_id": "t1", "content": "Error: no such file"},
            {"role": "user", "content": "Hurry \u2028é."},
        ],
    }


def test_what_is_empty_or_not_to_be_asked_is_left_out() -> None:
    body = body_of(calling("", space=" "), usage=False)
    assert set(body) == {"model", "stream", "messages"}
    assert [(message["role"], message["content"]) for message in body["messages"]] == [
        ("user", "hi"),
        ("assistant", None),
        ("tool", "done"),
    ]


@pytest.mark.parametrize("written", ['{"a": ', "[1]", "null"])
def test_arguments_that_are_no_object_are_sent_as_one_that_shows_them(written: str) -> None:
    body = body_of(calling(written))
    assert json.loads(body["messages"][1]["tool_calls"][0]["function"]["arguments"]) == {"invalid": written}


def test_what_a_tool_showed_follows_its_result_for_that_can_only_be_text() -> None:
    first, _, result, last = body_of(showing("Like this.", text="Well?"))["messages"]
    assert first["content"] == [
        {"type": "image_url", "image_url": {"url": "data:image/jpeg;base64,/9g="}},
        {"type": "text", "text": "Like this."},
    ]
    assert result["content"] == "a page"
    assert last["content"] == [
        {"type": "text", "text": "(What the tool look showed:)"},
        {"type": "image_url", "image_url": {"url": "data:image/png;base64,iVBORw=="}},
        {"type": "text", "text": "Well?"},
    ]


def test_an_image_that_is_gone_is_told_in_plain_text() -> None:
    (message,) = body_of(asking(UserTurn(text="see", images=(ImageRef("b9", "image/png"),))))["messages"]
    assert message["content"] == f"{NO_IMAGE}\n\nsee"


@given(requests())
def test_every_log_makes_a_request_that_the_api_takes(request: ModelRequest) -> None:
    body_of(request)
