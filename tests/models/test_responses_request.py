from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given

from tests.models.conversations import calling, looking, showing
from tests.models.listener import asking
from tests.models.logs import requests
from tests.standins.openai_rules import RESPONSES, objection
from trio_agent.core.transcript import NO_IMAGE, AgentTurn, UserTurn
from trio_agent.models.responses_request import cache_key, encode_request
from trio_agent.seams import ModelRequest

HEADERS = {"authorization": "Bearer k", "content-type": "application/json"}


def body_of(request: ModelRequest, **change: Any) -> dict[str, Any]:
    known: dict[str, Any] = {"model": "gpt-6.2-sol", "max_tokens": 1000, "phases": True, "summaries": True}
    encoded = encode_request(request, **{**known, **change})
    assert encoded.isascii()
    assert objection(b"POST", RESPONSES, HEADERS, encoded) is None
    body: dict[str, Any] = json.loads(encoded)
    return body


def test_a_conversation_with_tools_is_sent_as_the_api_wants_it() -> None:
    request = looking(AgentTurn(text="There is none."), UserTurn(text="Thanks."))
    assert body_of(request) == {
        "model": "gpt-6.2-sol",
        "stream": True,
        "store": False,
        "max_output_tokens": 1000,
        "prompt_cache_key": cache_key(request),
        "reasoning": {"summary": "auto"},
        "instructions": "Be brief.",
        "tools": [
            {
                "type": "function",
                "name": "bash",
                "description": "Runs.",
                "parameters": {"type": "object", "properties": {}},
                "strict": False,
            }
        ],
        "input": [
            {"type": "message", "role": "user", "content": [{"type": "input_text", "text": "Look."}]},
            {"type": "message", "role": "assistant", "content": "I look.", "phase": "commentary"},
            {"type": "function_call", "call_id": "t1", "name": "bash", "arguments": '{"command": "ls"}'},
            {"type": "function_call_output", "call_id": "t1", "output": "Error: no such file"},
            {"type": "message", "role": "user", "content": [{"type": "input_text", "text": "Hurry \u2028é."}]},
            {"type": "message", "role": "assistant", "content": "There is none.", "phase": "final_answer"},
            {"type": "message", "role": "user", "content": [{"type": "input_text", "text": "Thanks."}]},
        ],
    }


def test_what_is_empty_or_not_known_is_left_out() -> None:
    body = body_of(calling("", space=" "), max_tokens=0, phases=False, summaries=False)
    assert set(body) == {"model", "stream", "store", "prompt_cache_key", "input"}
    assert [item["type"] for item in body["input"]] == ["message", "function_call", "function_call_output"]
    assert body["input"][1]["arguments"] == "{}"


def test_a_model_that_knows_no_phases_is_told_none() -> None:
    (_, said, _) = body_of(asking("hi", AgentTurn(text="hello"), "and?"), phases=False)["input"]
    assert said == {"type": "message", "role": "assistant", "content": "hello"}


@pytest.mark.parametrize("written", ['{"a": ', "[1]", "null", '{"a":' * 9999])
def test_arguments_that_are_no_object_are_sent_as_one_that_shows_them(written: str) -> None:
    body = body_of(calling(written))
    assert json.loads(body["input"][1]["arguments"]) == {"invalid": written}


def test_a_call_of_another_provider_and_its_result_go_by_an_id_that_this_one_takes() -> None:
    items = body_of(calling("{}", name="functions.bash", id="functions.bash:0"))["input"]
    assert items[1]["name"] == "functions_bash"
    assert items[1]["call_id"] == items[2]["call_id"] != "functions.bash:0"


def test_images_stand_beside_the_words_they_belong_to() -> None:
    first, _, result = body_of(showing("Like this.", gone=True))["input"]
    assert first["content"] == [
        {"type": "input_image", "detail": "auto", "image_url": "data:image/jpeg;base64,/9g="},
        {"type": "input_text", "text": "Like this."},
    ]
    assert result["output"] == [
        {"type": "input_text", "text": "a page"},
        {"type": "input_image", "detail": "auto", "image_url": "data:image/png;base64,iVBORw=="},
        {"type": "input_text", "text": NO_IMAGE},
    ]


def test_the_cache_is_found_again_by_the_beginning_of_the_conversation() -> None:
    begin = asking("hi", system="s")
    later = asking("hi", AgentTurn(text="hello"), "and?", system="s")
    assert cache_key(begin) == cache_key(later)
    assert len({cache_key(each) for each in (begin, asking("ho", system="s"), asking("hi", system="t"))}) == 3
    assert body_of(begin)["prompt_cache_key"] == cache_key(begin)


@given(requests())
def test_every_log_makes_a_request_that_the_api_takes(request: ModelRequest) -> None:
    body_of(request)
