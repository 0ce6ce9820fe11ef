from __future__ import annotations

import base64
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.models.conversations import LS, calling, looking
from tests.models.listener import asking
from tests.models.logs import requests
from tests.standins.gemini_rules import UNSIGNED, objection
from trio_agent.core.message import ToolCall
from trio_agent.core.transcript import NO_IMAGE, AgentTurn, ImageRef, Outcome, Turn, UserTurn
from trio_agent.models.gemini_request import encode_request
from trio_agent.models.gemini_signatures import MAX_REMEMBERED, Signatures
from trio_agent.seams import ModelRequest

NEW, OLD, OTHER = "gemini-4-hydrogen", "gemini-2.5-flash", "gemma-4-31b-it"
HEADERS = {"x-goog-api-key": "k", "content-type": "application/json"}
PWD = ToolCall(name="bash", input='{"command":"pwd"}', tool_call_id="t2")
PNG = ImageRef("b1", "image/png")


def signed(*calls: ToolCall) -> Signatures:
    signatures = Signatures()
    signatures.remember({call: f"signature of {call.tool_call_id}" for call in calls})
    return signatures


def body_of(request: ModelRequest, model: str = NEW, signatures: Signatures | None = None) -> dict[str, Any]:
    encoded = encode_request(request, model=model, signatures=signatures or Signatures())
    assert encoded.isascii()
    target = f"/v1/models/{model}:streamGenerateContent?alt=sse".encode()
    assert objection(b"POST", target, HEADERS, encoded, {"signature of t1", "signature of t2"}) is None
    body: dict[str, Any] = json.loads(encoded)
    return body


def called(*calls: ToolCall, images: tuple[ImageRef, ...] = ()) -> tuple[Turn, ...]:
    outcomes = tuple(
        Outcome(tool_call_id=call.tool_call_id, name=call.name, text="done", images=images) for call in calls
    )
    return (UserTurn(text="hi"), AgentTurn(tool_calls=calls), UserTurn(outcomes=outcomes))


def test_a_conversation_with_tools_is_sent_as_the_api_wants_it() -> None:
    result = {"id": "t1", "name": "bash", "response": {"error": "no such file"}}
    assert body_of(looking(), signatures=signed(LS)) == {
        "systemInstruction": {"parts": [{"text": "Be brief."}]},
        "tools": [
            {
                "functionDeclarations": [
                    {"name": "bash", "description": "Runs.", "parametersJsonSchema": {"type": "object"}}
                ]
            }
        ],
        "generationConfig": {"thinkingConfig": {"includeThoughts": True}},
        "contents": [
            {"role": "user", "parts": [{"text": "Look."}]},
            {
                "role": "model",
                "parts": [
                    {"text": "I look."},
                    {
                        "functionCall": {"id": "t1", "name": "bash", "args": {"command": "ls"}},
                        "thoughtSignature": "signature of t1",
                    },
                ],
            },
            {"role": "user", "parts": [{"functionResponse": result}, {"text": "Hurry \u2028é."}]},
        ],
    }


def test_what_is_empty_is_left_out() -> None:
    body = body_of(calling("", space=" "))
    assert set(body) == {"contents", "generationConfig"}
    assert [len(content["parts"]) for content in body["contents"]] == [1, 1, 1]
    assert body["contents"][2]["parts"][0]["functionResponse"]["response"] == {"output": "done"}


@pytest.mark.parametrize(
    ("model", "thinks"),
    [
        (NEW, True),
        ("gemini-3.1-pro-preview", True),
        (OLD, True),
        ("gemini-flash-latest", True),
        ("gemini-2.0-flash", False),
        (OTHER, False),
    ],
)
def test_models_that_think_are_asked_to_show_it(model: str, thinks: bool) -> None:
    encoded = encode_request(asking("hi"), model=model, signatures=Signatures())
    assert (b"includeThoughts" in encoded) == thinks


def signatures_in(body: dict[str, Any]) -> list[str | None]:
    return [part.get("thoughtSignature") for part in body["contents"][1]["parts"]]


def test_a_call_that_this_model_did_not_sign_is_sent_as_one_from_elsewhere() -> None:
    request = ModelRequest(system="", turns=called(LS, PWD))
    assert signatures_in(body_of(request)) == [UNSIGNED, None]


def test_a_signature_goes_with_the_very_call_that_it_was_given_to() -> None:
    request = ModelRequest(system="", turns=called(LS, PWD))
    assert signatures_in(body_of(request, signatures=signed(LS))) == ["signature of t1", None]
    assert signatures_in(body_of(request, signatures=signed(PWD))) == [UNSIGNED, "signature of t2"]
    # A server that numbers its calls from 0 in each answer gives another call the same id.
    namesake = ToolCall(name="bash", input='{"command":"rm"}', tool_call_id="t1")
    assert signatures_in(body_of(request, signatures=signed(namesake))) == [UNSIGNED, None]


def test_models_that_do_not_sign_are_sent_no_word_of_signatures() -> None:
    request = ModelRequest(system="", turns=called(LS, PWD))
    assert signatures_in(body_of(request, OLD)) == [None, None]


def test_the_oldest_signatures_are_forgotten_first_and_all_on_demand() -> None:
    signatures = Signatures()
    calls = [ToolCall(name="x", input="{}", tool_call_id=str(number)) for number in range(MAX_REMEMBERED + 3)]
    for call in calls:
        signatures.remember({call: f"of {call.tool_call_id}"})
    assert [signatures.get(call) for call in calls[:4]] == ["", "", "", "of 3"]
    assert signatures.get(calls[-1]) == f"of {MAX_REMEMBERED + 2}"
    assert signatures.forget()
    assert signatures.get(calls[-1]) == ""
    assert not signatures.forget()


@pytest.mark.parametrize("model", [NEW, OLD])
def test_results_are_told_in_the_order_of_the_calls_whichever_tool_ended_first(model: str) -> None:
    user, agent, told = called(LS, PWD)
    assert isinstance(told, UserTurn)
    turns = (user, agent, UserTurn(outcomes=told.outcomes[::-1]))
    parts = body_of(ModelRequest(system="", turns=turns), model)["contents"][2]["parts"]
    assert [part["functionResponse"]["id"] for part in parts] == ["t1", "t2"]


def test_calls_of_another_model_are_sent_as_the_api_takes_them() -> None:
    contents = body_of(calling('{"command": ', name="functions bash", id="functions.bash:0"))["contents"]
    function, result = contents[1]["parts"][0]["functionCall"], contents[2]["parts"][0]["functionResponse"]
    assert (function["name"], function["args"]) == ("functions_bash", {"invalid": '{"command": '})
    assert (result["name"], result["id"]) == (function["name"], function["id"])


def inline(data: bytes) -> dict[str, Any]:
    return {"inlineData": {"mimeType": "image/png", "data": base64.b64encode(data).decode()}}


def test_images_stand_inside_the_result_and_before_the_users_words() -> None:
    turns = (*called(LS, PWD, images=(PNG,)), AgentTurn(text="Nice."), UserTurn(text="And this?", images=(PNG,)))
    contents = body_of(ModelRequest(system="", turns=turns, images={"b1": b"png"}))["contents"]
    assert [list(part) for part in contents[2]["parts"]] == [["functionResponse"], ["functionResponse"]]
    assert contents[2]["parts"][0]["functionResponse"]["parts"] == [inline(b"png")]
    assert contents[4]["parts"] == [inline(b"png"), {"text": "And this?"}]


def test_an_older_model_sees_the_images_of_results_after_all_results() -> None:
    request = ModelRequest(system="", turns=called(LS, PWD, images=(PNG,)), images={"b1": b"png"})
    parts = body_of(request, OLD)["contents"][2]["parts"]
    assert [next(iter(part)) for part in parts] == ["functionResponse", "functionResponse", "inlineData", "inlineData"]
    assert "parts" not in parts[0]["functionResponse"]


@pytest.mark.parametrize("model", [NEW, OLD])
def test_an_image_that_cannot_be_shown_is_told_of(model: str) -> None:
    gif = ImageRef("b2", "image/gif")
    turns = (*called(LS, images=(PNG, gif)), AgentTurn(text="So?"), UserTurn(text="See?", images=(PNG, gif)))
    contents = body_of(ModelRequest(system="", turns=turns, images={"b2": b"gif"}), model)["contents"]
    output = contents[2]["parts"][0]["functionResponse"]["response"]["output"]
    assert output.splitlines()[:2] == ["done", NO_IMAGE]
    assert "image/gif" in output
    assert [list(part) for part in contents[4]["parts"]] == [["text"], ["text"], ["text"]]
    assert contents[4]["parts"][0]["text"] == NO_IMAGE


@given(requests(), st.sampled_from([NEW, OLD, OTHER]))
def test_every_log_makes_a_request_that_the_api_takes(request: ModelRequest, model: str) -> None:
    body_of(request, model)
