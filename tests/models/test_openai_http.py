"""The client and the stand-in server, over real sockets."""

from __future__ import annotations

from typing import Any

import httpx2
import pytest
import trio

from tests.models.listener import Listener, after, asking
from tests.standins.openai_server import serve_openai
from tests.standins.planned_server import AT_ITS_END, Plan
from trio_agent.core.errors import ProviderError
from trio_agent.core.transcript import AgentTurn
from trio_agent.models.openai import ChatWire, ResponsesWire
from trio_agent.models.streamed import StreamedModel
from trio_agent.seams import ModelRequest

APIS = pytest.mark.parametrize("api", [ResponsesWire, ChatWire])
Api = type[ResponsesWire] | type[ChatWire]


def model_at(url: str, api: Api, model: str = "gpt-4.1") -> StreamedModel:
    return StreamedModel(api(model, "a-key", base_url=url), uniform=lambda low, high: 0)


@APIS
async def test_a_conversation_with_tools_goes_through(api: Api) -> None:
    calls = [{"name": "bash", "input": {"command": "ls"}}, {"name": "bash", "input": {"command": "pwd"}}]
    plan: Plan = [{"text": "I look.", "tool_calls": calls}, {"thinking": "So few.", "text": "There are two files."}]
    async with serve_openai(plan) as server:
        model = model_at(server.url, api, "gpt-5.2")
        request = asking("What is here?", system="Be brief.")
        first = await model.answer(request, Listener())
        assert first.stop_reason == "tool_use"
        second = await model.answer(after(request, first, "a b", "/"), Listener())
        assert (second.text, second.thinking, second.stop_reason) == ("There are two files.", "So few.", "end_turn")
        assert server.complaints == []
        assert server.headers[0]["authorization"] == "Bearer a-key"


async def test_a_model_that_does_not_think_is_asked_again_without_its_thoughts() -> None:
    async with serve_openai([{"text": "Hello."}]) as server:
        assert (await model_at(server.url, ResponsesWire).answer(asking("hi"), Listener())).text == "Hello."
        assert [each.split(":")[0] for each in server.complaints] == ["reasoning.summary"]


@APIS
async def test_cancelling_closes_the_connection_at_once(api: Api) -> None:
    async with serve_openai([{"text": "one two three", "hang_after": 5}]) as server:
        async with trio.open_nursery() as nursery:
            nursery.start_soon(model_at(server.url, api, "gpt-5.2").answer, asking("hi"), Listener())
            await server.hanging.wait()
            nursery.cancel_scope.cancel()
        # Nothing else ends the server's wait: it reads until the client is gone.
        await server.left.wait()
        assert server.clients_gone == 1


@APIS
async def test_a_dropped_connection_is_tried_again(api: Api) -> None:
    async with serve_openai([{"text": "one two three", "drop_after": 6}, {"text": "whole"}]) as server:
        listener = Listener()
        answer = await model_at(server.url, api, "gpt-5.2").answer(asking("hi"), listener)
        assert answer.text == listener.said["content"] == "whole"
        assert len(server.requests) == 2


@APIS
async def test_refusals_and_overload_are_tried_again_or_told(api: Api) -> None:
    overloaded = {"status": 503, "error": {"message": "busy", "code": "server_is_overloaded"}}
    limited = {
        "status": 429,
        "headers": {"retry-after": "0"},
        "error": {"message": "slow", "code": "rate_limit_exceeded"},
    }
    midway = {"text": "one two", "drop_after": 4, "error": {"message": "boom", "code": "server_error"}}
    wrong_key = {"status": 401, "error": {"message": "Incorrect API key", "code": "invalid_api_key"}}
    async with serve_openai([overloaded, limited, midway, {"text": "at last"}, wrong_key]) as server:
        model = model_at(server.url, api, "gpt-5.2")
        assert (await model.answer(asking("hi"), Listener())).text == "at last"
        with pytest.raises(ProviderError, match="OPENAI_API_KEY"):
            await model.answer(asking("hi"), Listener())


@APIS
async def test_a_plan_at_its_end_says_so(api: Api) -> None:
    async with serve_openai([]) as server:
        assert (await model_at(server.url, api, "gpt-5.2").answer(asking("hi"), Listener())).text == AT_ITS_END


@APIS
async def test_the_stand_in_refuses_what_the_api_would_refuse(api: Api) -> None:
    async with serve_openai([{"text": "hi"}]) as server:
        prefilled = ModelRequest(system="", turns=(*asking("hi").turns, AgentTurn(text="I would say")))
        with pytest.raises(ProviderError, match="the last word must not be the model's"):
            await model_at(server.url, api, "gpt-5.2").answer(prefilled, Listener())
        assert len(server.complaints) == 1
        assert server.requests == []


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
    headers = {"authorization": "Bearer k"}
    async with serve_openai([]) as server, httpx2.AsyncClient(trust_env=False) as client:
        body = {**RESPONSES_BODY, **change}
        assert (await client.post(f"{server.url}/v1/responses", json=body, headers=headers)).status_code == status


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
    headers = {"authorization": "Bearer k"}
    async with serve_openai([]) as server, httpx2.AsyncClient(trust_env=False) as client:
        body = {**CHAT_BODY, **change}
        assert (
            await client.post(f"{server.url}/v1/chat/completions", json=body, headers=headers)
        ).status_code == status


async def test_the_stand_in_wants_a_key() -> None:
    async with serve_openai([]) as server, httpx2.AsyncClient(trust_env=False) as client:
        assert (await client.post(f"{server.url}/v1/responses", json=RESPONSES_BODY)).status_code == 401
