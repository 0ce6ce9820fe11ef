"""The client and the stand-in server, over real sockets."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import httpx2
import pytest
import trio

from tests.models.listener import Listener, after, asking
from tests.standins import gemini_server
from tests.standins.gemini_chunks import signature_of
from tests.standins.gemini_rules import UNSIGNED
from tests.standins.gemini_server import serve_gemini
from tests.standins.planned_server import AT_ITS_END, Plan
from trio_agent.core.errors import ProviderError
from trio_agent.core.transcript import AgentTurn
from trio_agent.models.gemini import GeminiWire
from trio_agent.models.streamed import StreamedModel
from trio_agent.seams import ModelRequest

MODEL = "gemini-4-hydrogen"


def model_at(url: str, model: str = MODEL) -> StreamedModel:
    return StreamedModel(GeminiWire(model, "a key", base_url=url), uniform=lambda low, high: 0)


async def test_a_conversation_with_tools_goes_through_with_its_signatures() -> None:
    calls = [{"name": "bash", "input": {"command": "ls"}}, {"name": "bash", "input": {"command": "pwd"}}]
    plan: Plan = [
        {"text": "I look.", "tool_calls": calls},
        {"thinking": "So few.", "text": "There are two files."},
    ]
    async with serve_gemini(plan) as server:
        model = model_at(server.url)
        request = asking("What is here?", system="Be brief.")
        first = await model.answer(request, Listener())
        second = await model.answer(after(request, first, "a b", "/"), Listener())
        assert (second.text, second.thinking, second.stop_reason) == ("There are two files.", "So few.", "end_turn")
        assert server.complaints == []
        assert [len(body["contents"]) for body in server.requests] == [1, 3]
        assert server.headers[0]["x-goog-api-key"] == "a key"
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


async def test_cancelling_closes_the_connection_at_once() -> None:
    async with serve_gemini([{"text": "one two three", "hang_after": 2}]) as server:
        async with trio.open_nursery() as nursery:
            nursery.start_soon(model_at(server.url).answer, asking("hi"), Listener())
            await server.hanging.wait()
            nursery.cancel_scope.cancel()
        # Nothing else ends the server's wait: it reads until the client is gone.
        await server.left.wait()
        assert server.clients_gone == 1


async def test_a_dropped_connection_is_tried_again() -> None:
    async with serve_gemini([{"text": "one two three", "drop_after": 2}, {"text": "whole"}]) as server:
        listener = Listener()
        answer = await model_at(server.url).answer(asking("hi"), listener)
        assert (answer.text, listener.said["content"], listener.restarts) == ("whole", "whole", 1)


async def test_refusals_and_overload_are_tried_again_or_told() -> None:
    overloaded = {"status": 503, "error": {"status": "UNAVAILABLE", "message": "The model is overloaded."}}
    info = {"@type": "type.googleapis.com/google.rpc.RetryInfo", "retryDelay": "0.001s"}
    limited = {"status": 429, "error": {"status": "RESOURCE_EXHAUSTED", "message": "Slow", "details": [info]}}
    midway = {"text": "one two", "drop_after": 1, "error": {"code": 500, "status": "INTERNAL", "message": "Oh"}}
    lost = {"text": "one", "finish_reason": "MALFORMED_FUNCTION_CALL"}
    wrong = {"@type": "type.googleapis.com/google.rpc.ErrorInfo", "reason": "API_KEY_INVALID"}
    wrong_key = {"status": 400, "error": {"status": "INVALID_ARGUMENT", "message": "No", "details": [wrong]}}
    async with serve_gemini([overloaded, limited, midway, lost, {"text": "at last"}, wrong_key]) as server:
        model = model_at(server.url)
        listener = Listener()
        assert (await model.answer(asking("hi"), listener)).text == listener.said["content"] == "at last"
        with pytest.raises(ProviderError, match="GEMINI_API_KEY"):
            await model.answer(asking("hi"), Listener())


async def test_nobody_there_is_told_after_the_last_try() -> None:
    async with serve_gemini([]) as server:
        url = server.url
    with pytest.raises(ProviderError, match="cannot be reached"):
        await model_at(url).answer(asking("hi"), Listener())


async def test_a_plan_at_its_end_says_so() -> None:
    async with serve_gemini([]) as server:
        assert (await model_at(server.url).answer(asking("hi"), Listener())).text == AT_ITS_END


async def test_the_stand_in_refuses_what_the_api_would_refuse() -> None:
    async with serve_gemini([{"text": "hi"}]) as server:
        prefilled = ModelRequest(system="", turns=(*asking("hi").turns, AgentTurn(text="I would say")))
        with pytest.raises(ProviderError, match="the last turn is a user turn"):
            await model_at(server.url).answer(prefilled, Listener())
        assert len(server.complaints) == 1
        assert server.requests == []


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
    async with serve_gemini([]) as server, httpx2.AsyncClient(trust_env=False) as client:
        url = f"{server.url}/v1/models/{MODEL}:streamGenerateContent?alt=sse"
        response = await client.post(url, json=body, headers={"x-goog-api-key": "k"})
        assert response.status_code == status


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
    async with serve_gemini([]) as server, httpx2.AsyncClient(trust_env=False) as client:
        response = await client.post(server.url + target, json=talk([TEXT]), headers=headers)
        assert response.status_code == status


@pytest.mark.parametrize(
    ("model", "body"),
    [
        ("gemini-2.0-flash", {**talk([TEXT]), "generationConfig": {"thinkingConfig": {"includeThoughts": True}}}),
        ("gemini-2.5-flash", talk([TEXT], [USE], [inside(RESULT, parts=[IMAGE])])),
    ],
)
async def test_the_stand_in_knows_what_older_models_refuse(model: str, body: dict[str, Any]) -> None:
    async with serve_gemini([]) as server, httpx2.AsyncClient(trust_env=False) as client:
        url = f"{server.url}/v1/models/{model}:streamGenerateContent?alt=sse"
        response = await client.post(url, json=body, headers={"x-goog-api-key": "k"})
        assert response.status_code == 400


async def test_the_stand_in_serves_as_a_program_and_tells_what_it_was_asked(tmp_path: Path) -> None:
    plan = tmp_path / "plan.json"
    plan.write_text(json.dumps([{"text": "from the plan"}]))
    command = [sys.executable, gemini_server.__file__, str(plan)]
    async with trio.open_nursery() as nursery:
        process = await trio.lowlevel.open_process(command, stdout=subprocess.PIPE, cwd=tmp_path)
        try:
            assert process.stdout is not None
            url = (await process.stdout.receive_some()).decode().strip()
            assert (await model_at(url).answer(asking("hi"), Listener())).text == "from the plan"
            async with httpx2.AsyncClient(trust_env=False) as client:
                requests = (await client.get(f"{url}/requests")).json()
            assert [request["contents"][0]["parts"] for request in requests] == [[{"text": "hi"}]]
        finally:
            process.kill()
            with trio.CancelScope(shield=True, deadline=trio.current_time() + 10):
                await process.wait()
            nursery.cancel_scope.cancel()
