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
from tests.standins import anthropic_server
from tests.standins.anthropic_server import serve_anthropic
from tests.standins.planned_server import AT_ITS_END, Plan
from trio_agent.core.errors import ProviderError
from trio_agent.core.transcript import AgentTurn
from trio_agent.models.anthropic import AnthropicWire
from trio_agent.models.streamed import StreamedModel
from trio_agent.seams import ModelRequest


def model_at(url: str) -> StreamedModel:
    return StreamedModel(AnthropicWire("claude-sonnet-5-5", "a key", base_url=url), uniform=lambda low, high: 0)


async def test_a_conversation_with_tools_goes_through() -> None:
    plan: Plan = [
        {"text": "I look.", "tool_calls": [{"name": "bash", "input": {"command": "ls"}}]},
        {"thinking": "So few.", "text": "There are two files."},
    ]
    async with serve_anthropic(plan) as server:
        model = model_at(server.url)
        request = asking("What is here?", system="Be brief.")
        first = await model.answer(request, Listener())
        second = await model.answer(after(request, first, "a b"), Listener())
        assert (second.text, second.thinking, second.stop_reason) == ("There are two files.", "So few.", "end_turn")
        assert server.complaints == []
        assert [len(body["messages"]) for body in server.requests] == [1, 3]
        assert server.headers[0]["x-api-key"] == "a key"


async def test_cancelling_closes_the_connection_at_once() -> None:
    async with serve_anthropic([{"text": "one two three", "hang_after": 5}]) as server:
        async with trio.open_nursery() as nursery:
            nursery.start_soon(model_at(server.url).answer, asking("hi"), Listener())
            await server.hanging.wait()
            nursery.cancel_scope.cancel()
        # Nothing else ends the server's wait: it reads until the client is gone.
        await server.left.wait()
        assert server.clients_gone == 1


async def test_a_dropped_connection_is_tried_again() -> None:
    async with serve_anthropic([{"text": "one two three", "drop_after": 5}, {"text": "whole"}]) as server:
        listener = Listener()
        answer = await model_at(server.url).answer(asking("hi"), listener)
        assert (answer.text, listener.said["content"], listener.restarts) == ("whole", "whole", 1)


async def test_refusals_and_overload_are_tried_again_or_told() -> None:
    overloaded = {"status": 529, "error": {"type": "overloaded_error", "message": "Overloaded"}}
    limited = {"status": 429, "headers": {"retry-after": "0"}, "error": {"type": "rate_limit_error", "message": "Slow"}}
    wrong_key = {"status": 401, "error": {"type": "authentication_error", "message": "invalid x-api-key"}}
    midway = {"text": "one two", "drop_after": 4, "error": {"type": "overloaded_error", "message": "Overloaded"}}
    async with serve_anthropic([overloaded, limited, midway, {"text": "at last"}, wrong_key]) as server:
        model = model_at(server.url)
        assert (await model.answer(asking("hi"), Listener())).text == "at last"
        with pytest.raises(ProviderError, match="ANTHROPIC_API_KEY"):
            await model.answer(asking("hi"), Listener())


async def test_nobody_there_is_told_after_the_last_try() -> None:
    async with serve_anthropic([]) as server:
        url = server.url
    with pytest.raises(ProviderError, match="cannot be reached"):
        await model_at(url).answer(asking("hi"), Listener())


async def test_a_plan_at_its_end_says_so() -> None:
    async with serve_anthropic([]) as server:
        assert (await model_at(server.url).answer(asking("hi"), Listener())).text == AT_ITS_END


async def test_the_stand_in_refuses_what_the_api_would_refuse() -> None:
    async with serve_anthropic([{"text": "hi"}]) as server:
        prefilled = ModelRequest(system="", turns=(*asking("hi").turns, AgentTurn(text="I would say")))
        with pytest.raises(ProviderError, match="prefill is not supported"):
            await model_at(server.url).answer(prefilled, Listener())
        assert len(server.complaints) == 1
        assert server.requests == []


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
    async with serve_anthropic([]) as server, httpx2.AsyncClient(trust_env=False) as client:
        response = await client.post(f"{server.url}/v1/messages", json={**GOOD, **change}, headers=headers)
        assert response.status_code == status


@pytest.mark.parametrize(
    ("headers", "status"), [({"anthropic-version": "v"}, 401), ({"x-api-key": "k"}, 400), ({}, 401)]
)
async def test_the_stand_in_wants_a_key_and_a_version(headers: dict[str, str], status: int) -> None:
    async with serve_anthropic([]) as server, httpx2.AsyncClient(trust_env=False) as client:
        response = await client.post(f"{server.url}/v1/messages", json=GOOD, headers=headers)
        assert response.status_code == status


async def test_the_stand_in_serves_as_a_program_and_tells_what_it_was_asked(tmp_path: Path) -> None:
    plan = tmp_path / "plan.json"
    plan.write_text(json.dumps([{"text": "from the plan"}]))
    command = [sys.executable, anthropic_server.__file__, str(plan)]
    async with trio.open_nursery() as nursery:
        process = await trio.lowlevel.open_process(command, stdout=subprocess.PIPE, cwd=tmp_path)
        try:
            assert process.stdout is not None
            url = (await process.stdout.receive_some()).decode().strip()
            assert (await model_at(url).answer(asking("hi"), Listener())).text == "from the plan"
            async with httpx2.AsyncClient(trust_env=False) as client:
                requests = (await client.get(f"{url}/requests")).json()
            assert [request["model"] for request in requests] == ["claude-sonnet-5-5"]
        finally:
            process.kill()
            with trio.CancelScope(shield=True, deadline=trio.current_time() + 10):
                await process.wait()
            nursery.cancel_scope.cancel()


async def test_a_server_on_this_machine_is_not_asked_through_a_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    monkeypatch.delenv("NO_PROXY", raising=False)
    async with serve_anthropic([{"text": "direct"}]) as server:
        assert (await model_at(server.url).answer(asking("hi"), Listener())).text == "direct"
