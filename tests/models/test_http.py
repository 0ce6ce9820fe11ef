"""What must hold of every wire between the client and the stand-in server, over real sockets."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import httpx2
import pytest
import trio

from tests.models.languages import EACH, LANGUAGES, Language
from tests.models.listener import Listener, after, answer_of, asking
from tests.standins.planned_server import AT_ITS_END, Plan
from trio_agent.core.errors import ProviderError
from trio_agent.core.transcript import AgentTurn
from trio_agent.seams import ModelRequest

PREFILLED = ModelRequest(system="", turns=(*asking("hi").turns, AgentTurn(text="I would say")))


def each_with(told: dict[str, Any]) -> pytest.MarkDecorator:
    """Every wire with what is its own; all of them must have it."""
    assert told.keys() == LANGUAGES.keys()
    return pytest.mark.parametrize(
        ("language", "own"), [(language, told[name]) for name, language in LANGUAGES.items()], ids=LANGUAGES
    )


@each_with(
    {
        "anthropic": ("messages", [1, 3]),
        "responses": ("input", [1, 6]),
        "chat": ("messages", [2, 5]),
        "gemini": ("contents", [1, 3]),
    }
)
async def test_a_conversation_with_tools_goes_through(language: Language, own: tuple[str, list[int]]) -> None:
    calls = [{"name": "bash", "input": {"command": "ls"}}, {"name": "bash", "input": {"command": "pwd"}}]
    plan: Plan = [{"text": "I look.", "tool_calls": calls}, {"thinking": "So few.", "text": "There are two files."}]
    async with language.serve(plan) as server:
        model = language.model_at(server.url)
        request = asking("What is here?", system="Be brief.")
        first = await model.answer(request, Listener())
        assert first.stop_reason == "tool_use"
        second = await model.answer(after(request, first, "a b", "/"), Listener())
        assert (second.text, second.thinking, second.stop_reason) == ("There are two files.", "So few.", "end_turn")
        assert server.complaints == []
        turns, lengths = own
        assert [len(body[turns]) for body in server.requests] == lengths
        name, value = language.key_header
        assert server.headers[0][name] == value


@each_with({"anthropic": 5, "responses": 5, "chat": 5, "gemini": 2})
async def test_cancelling_closes_the_connection_at_once(language: Language, own: int) -> None:
    async with language.serve([{"text": "one two three", "hang_after": own}]) as server:
        async with trio.open_nursery() as nursery:
            nursery.start_soon(language.model_at(server.url).answer, asking("hi"), Listener())
            await server.hanging.wait()
            nursery.cancel_scope.cancel()
        # Nothing else ends the server's wait: it reads until the client is gone.
        await server.left.wait()
        assert server.clients_gone == 1


@each_with({"anthropic": 5, "responses": 6, "chat": 6, "gemini": 2})
async def test_a_dropped_connection_is_tried_again(language: Language, own: int) -> None:
    async with language.serve([{"text": "one two three", "drop_after": own}, {"text": "whole"}]) as server:
        listener = Listener()
        answer = await language.model_at(server.url).answer(asking("hi"), listener)
        assert (answer.text, listener.said["content"], listener.restarts) == ("whole", "whole", 1)
        assert len(server.requests) == 2


OPENAI_TROUBLES = (
    [
        {"status": 503, "error": {"message": "busy", "code": "server_is_overloaded"}},
        {"status": 429, "headers": {"retry-after": "0"}, "error": {"message": "slow", "code": "rate_limit_exceeded"}},
        {"text": "one two", "drop_after": 4, "error": {"message": "boom", "code": "server_error"}},
    ],
    {"status": 401, "error": {"message": "Incorrect API key", "code": "invalid_api_key"}},
)
ANTHROPIC_TROUBLES = (
    [
        {"status": 529, "error": {"type": "overloaded_error", "message": "Overloaded"}},
        {"status": 429, "headers": {"retry-after": "0"}, "error": {"type": "rate_limit_error", "message": "Slow"}},
        {"text": "one two", "drop_after": 4, "error": {"type": "overloaded_error", "message": "Overloaded"}},
    ],
    {"status": 401, "error": {"type": "authentication_error", "message": "invalid x-api-key"}},
)
WAIT_A_MOMENT = {"@type": "type.googleapis.com/google.rpc.RetryInfo", "retryDelay": "0.001s"}
NO_KEY = {"@type": "type.googleapis.com/google.rpc.ErrorInfo", "reason": "API_KEY_INVALID"}
GEMINI_TROUBLES = (
    [
        {"status": 503, "error": {"status": "UNAVAILABLE", "message": "The model is overloaded."}},
        {"status": 429, "error": {"status": "RESOURCE_EXHAUSTED", "message": "Slow", "details": [WAIT_A_MOMENT]}},
        {"text": "one two", "drop_after": 1, "error": {"code": 500, "status": "INTERNAL", "message": "Oh"}},
        {"text": "one", "finish_reason": "MALFORMED_FUNCTION_CALL"},
    ],
    {"status": 400, "error": {"status": "INVALID_ARGUMENT", "message": "No", "details": [NO_KEY]}},
)


@each_with(
    {
        "anthropic": ANTHROPIC_TROUBLES,
        "responses": OPENAI_TROUBLES,
        "chat": OPENAI_TROUBLES,
        "gemini": GEMINI_TROUBLES,
    }
)
async def test_refusals_and_overload_are_tried_again_or_told(
    language: Language, own: tuple[list[dict[str, Any]], dict[str, Any]]
) -> None:
    passing, wrong_key = own
    async with language.serve([*passing, {"text": "at last"}, wrong_key]) as server:
        model = language.model_at(server.url)
        assert (await answer_of(model, "hi")).text == "at last"
        with pytest.raises(ProviderError, match=language.key_variable):
            await model.answer(asking("hi"), Listener())
        assert len(server.requests) == len(passing) + 2


@EACH
async def test_nobody_there_is_told_after_the_last_try(language: Language) -> None:
    async with language.serve([]) as server:
        url = server.url
    with pytest.raises(ProviderError, match="cannot be reached"):
        await language.model_at(url).answer(asking("hi"), Listener())


@EACH
async def test_a_plan_at_its_end_says_so(language: Language) -> None:
    async with language.serve([]) as server:
        assert (await language.model_at(server.url).answer(asking("hi"), Listener())).text == AT_ITS_END


@each_with(
    {
        "anthropic": "prefill is not supported",
        "responses": "the last word must not be the model's",
        "chat": "the last word must not be the model's",
        "gemini": "the last turn is a user turn",
    }
)
async def test_the_stand_in_refuses_what_the_api_would_refuse(language: Language, own: str) -> None:
    async with language.serve([{"text": "hi"}]) as server:
        with pytest.raises(ProviderError, match=own):
            await language.model_at(server.url).answer(PREFILLED, Listener())
        assert len(server.complaints) == 1
        assert server.requests == []


@EACH
async def test_the_stand_in_serves_as_a_program_and_tells_what_it_was_asked(language: Language, tmp_path: Path) -> None:
    plan = tmp_path / "plan.json"
    plan.write_text(json.dumps([{"text": "from the plan"}]))
    command = [sys.executable, str(language.standin.__file__), str(plan)]
    async with trio.open_nursery() as nursery:
        process = await trio.lowlevel.open_process(command, stdout=subprocess.PIPE, cwd=tmp_path)
        try:
            assert process.stdout is not None
            url = (await process.stdout.receive_some()).decode().strip()
            assert (await language.model_at(url).answer(asking("hi"), Listener())).text == "from the plan"
            async with httpx2.AsyncClient(trust_env=False) as client:
                requests = (await client.get(f"{url}/requests")).json()
            assert requests == [json.loads(language.wire.encode(asking("hi")))]
        finally:
            process.kill()
            with trio.CancelScope(shield=True, deadline=trio.current_time() + 10):
                await process.wait()
            nursery.cancel_scope.cancel()


@EACH
async def test_a_server_on_this_machine_is_not_asked_through_a_proxy(
    language: Language, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    monkeypatch.delenv("NO_PROXY", raising=False)
    async with language.serve([{"text": "direct"}]) as server:
        assert (await language.model_at(server.url).answer(asking("hi"), Listener())).text == "direct"
