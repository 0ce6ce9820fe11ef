"""Signatures between the client and Gemini's stand-in, over real sockets; and that the stand-in judges as the API does."""

from __future__ import annotations

from typing import Any

import pytest

from tests.models.listener import Listener, after, asking
from tests.models.verdict import verdict
from tests.standins.gemini_chunks import signature_of
from tests.standins.gemini_rules import UNSIGNED
from tests.standins.gemini_server import serve_gemini
from tests.standins.planned_server import Plan
from trio_agent.models.gemini import GeminiWire
from trio_agent.models.streamed import StreamedModel

MODEL = "gemini-4-hydrogen"


def model_at(url: str, model: str = MODEL) -> StreamedModel:
    return StreamedModel(GeminiWire(model, "a key", base_url=url), uniform=lambda low, high: 0)


async def test_calls_go_back_to_the_model_with_the_signatures_they_came_with() -> None:
    calls = [{"name": "bash", "input": {"command": "ls"}}, {"name": "bash", "input": {"command": "pwd"}}]
    async with serve_gemini([{"text": "I look.", "tool_calls": calls}, {"text": "There are two files."}]) as server:
        model = model_at(server.url)
        first = await model.answer(asking("What is here?"), Listener())
        await model.answer(after(asking("What is here?"), first, "a b", "/"), Listener())
        assert server.complaints == []
        assert server.targets[0] == f"/v1/models/{MODEL}:streamGenerateContent?alt=sse"
        sent = [part.get("thoughtSignature") for part in server.requests[1]["contents"][1]["parts"]]
        assert sent == [None, signature_of(1), None]


async def test_a_conversation_goes_on_with_another_model() -> None:
    plan: Plan = [{"tool_calls": [{"name": "bash", "input": {"command": "ls"}}]}, {"text": "Two."}, {"text": "Still."}]
    async with serve_gemini(plan) as server:
        request = asking("What is here?")
        first = await model_at(server.url).answer(request, Listener())
        request = after(request, first, "a b")
        assert (await model_at(server.url, "gemini-4-carbon").answer(request, Listener())).text == "Two."
        assert (await model_at(server.url, "gemini-2.5-flash").answer(request, Listener())).text == "Still."
        assert server.complaints == []


TEXT: dict[str, Any] = {"text": "hi"}
USE: dict[str, Any] = {"functionCall": {"id": "t", "name": "x", "args": {}}, "thoughtSignature": UNSIGNED}
SECOND: dict[str, Any] = {"functionCall": {"id": "u", "name": "y", "args": {}}}
RESULT: dict[str, Any] = {"functionResponse": {"id": "t", "name": "x", "response": {"output": "done"}}}
OTHER: dict[str, Any] = {"functionResponse": {"id": "u", "name": "y", "response": {"output": "done"}}}
IMAGE: dict[str, Any] = {"inlineData": {"mimeType": "image/png", "data": "cG5n"}}
TOOL: dict[str, Any] = {"name": "x", "description": "d", "parametersJsonSchema": {"type": "object"}}


def talk(*contents: list[dict[str, Any]]) -> dict[str, Any]:
    return {
        "contents": [{"role": "model" if index % 2 else "user", "parts": parts} for index, parts in enumerate(contents)]
    }


def inside(part: dict[str, Any], **fields: Any) -> dict[str, Any]:
    """`part` with `fields` in its data."""
    name = next(iter(part))
    return {**part, name: {**part[name], **fields}}


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (talk([TEXT]), 200),
        (talk([TEXT], [TEXT, USE], [RESULT, TEXT]), 200),
        (talk([TEXT], [USE, SECOND], [RESULT, OTHER]), 200),
        (talk([IMAGE, TEXT], [USE], [inside(RESULT, parts=[IMAGE])]), 200),
        (talk([TEXT], [USE], [TEXT]), 400),
        (talk([TEXT], [USE], [RESULT, RESULT]), 400),
        (talk([TEXT], [USE, SECOND], [OTHER, RESULT]), 400),
        (talk([TEXT], [USE, SECOND], [RESULT]), 400),
        (talk([TEXT], [TEXT], [RESULT]), 400),
        (talk([TEXT], [USE], [inside(RESULT, id="u")]), 400),
        (talk([TEXT], [USE], [inside(RESULT, name="y")]), 400),
        (talk([TEXT], [USE], [inside(RESULT, response="done")]), 400),
        (talk([TEXT], [USE], [inside(RESULT, parts=[TEXT])]), 400),
        (talk([TEXT], [inside(USE, args="ls")], [RESULT]), 400),
        (talk([TEXT], [{"functionCall": USE["functionCall"]}], [RESULT]), 400),
        (talk([TEXT], [{**USE, "thoughtSignature": "bm90IG91cnM="}], [RESULT]), 400),
        (talk([TEXT], [{**USE, **TEXT}], [RESULT]), 400),
        (talk([{**TEXT, "thoughtSignature": UNSIGNED}]), 400),
        (talk([USE]), 400),
        (talk([RESULT]), 400),
        (talk([inside(IMAGE, mimeType="image/gif")]), 400),
        (talk([inside(IMAGE, data="***")]), 400),
        (talk([{"text": " "}]), 400),
        (talk([TEXT], [TEXT]), 400),
        (talk([]), 400),
        (talk(), 400),
        ({"contents": [{"role": "model", "parts": [TEXT]}]}, 400),
        ({**talk([TEXT]), "tools": [{"functionDeclarations": [TOOL]}]}, 200),
        ({**talk([TEXT]), "tools": [{"functionDeclarations": [TOOL, TOOL]}]}, 400),
        ({**talk([TEXT]), "tools": [{"functionDeclarations": [{**TOOL, "name": "x y"}]}]}, 400),
        ({**talk([TEXT]), "tools": [{"functionDeclarations": [{**TOOL, "input_schema": {}}]}]}, 400),
        ({**talk([TEXT]), "systemInstruction": {"parts": [{"text": ""}]}}, 400),
        ({**talk([TEXT]), "generationConfig": {"frequencyPenalty": 1}}, 400),
        ({**talk([TEXT]), "model": MODEL}, 400),
    ],
)
async def test_the_stand_in_judges_a_request_as_the_api_does(body: dict[str, Any], status: int) -> None:
    target = f"/v1/models/{MODEL}:streamGenerateContent?alt=sse"
    assert await verdict(serve_gemini([]), target, body, {"x-goog-api-key": "k"}) == status


@pytest.mark.parametrize(
    ("target", "key", "status"),
    [
        (f"/v1/models/{MODEL}:streamGenerateContent?alt=sse", "", 403),
        (f"/v1/models/{MODEL}:streamGenerateContent", "k", 404),
        ("/v1/models/gemini-flash-latest:streamGenerateContent?alt=sse", "k", 404),
        ("/v1beta/models/gemini-flash-latest:streamGenerateContent?alt=sse", "k", 200),
        ("/v1/messages", "k", 404),
    ],
)
async def test_the_stand_in_wants_a_key_and_the_right_address(target: str, key: str, status: int) -> None:
    headers = {"x-goog-api-key": key} if key else {}
    assert await verdict(serve_gemini([]), target, talk([TEXT]), headers) == status


@pytest.mark.parametrize(
    ("model", "body"),
    [
        ("gemini-2.0-flash", {**talk([TEXT]), "generationConfig": {"thinkingConfig": {"includeThoughts": True}}}),
        ("gemini-2.5-flash", talk([TEXT], [USE], [inside(RESULT, parts=[IMAGE])])),
    ],
)
async def test_the_stand_in_knows_what_older_models_refuse(model: str, body: dict[str, Any]) -> None:
    target = f"/v1/models/{model}:streamGenerateContent?alt=sse"
    assert await verdict(serve_gemini([]), target, body, {"x-goog-api-key": "k"}) == 400
